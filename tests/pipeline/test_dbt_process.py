"""What dbt logs in a build: all that a log takes, and nothing is made of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from dbt_common.events.base_types import BaseEvent, EventLevel, EventMsg
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LoggerConfig
from dbt_common.events.types import Note, SystemReportReturnCode

from orchestration.transform.dbt_process import leave_out_unlogged_events


@pytest.fixture(autouse=True)
def patched() -> Iterator[None]:
    """For the test alone: others run dbt in this process, as it is."""
    make, fire = BaseEvent.__init__, EventManager.fire_event
    leave_out_unlogged_events()
    yield
    BaseEvent.__init__, EventManager.fire_event = make, fire  # type: ignore[method-assign]
    del BaseEvent.pb_msg


def fire(log_level: EventLevel, raised_to: EventLevel | None = None) -> tuple[str, list[str]]:
    """What a log of this level says of a note and a detail, and which events were made."""
    stream, made = StringIO(), []
    manager = EventManager()
    manager.add_logger(LoggerConfig(f"log of {log_level}", level=log_level, output_stream=stream))

    def note_made(message: EventMsg) -> None:
        made.append(message.info.name)

    manager.add_callback(note_made)
    manager.fire_event(Note(msg="a table is built"))
    manager.fire_event(SystemReportReturnCode(returncode=7), level=raised_to)
    return stream.getvalue(), made


def test_an_event_that_no_log_takes_is_not_made() -> None:
    said, made = fire(EventLevel.INFO)
    assert "a table is built" in said
    assert made == ["Note"]


@pytest.mark.parametrize(
    ("log_level", "raised_to"),
    [(EventLevel.DEBUG, None), (EventLevel.INFO, EventLevel.WARN)],
    ids=["a log of everything", "a detail that is a warning here"],
)
def test_an_event_that_a_log_takes_is_logged(
    log_level: EventLevel, raised_to: EventLevel | None
) -> None:
    said, made = fire(log_level, raised_to)
    assert "7" in said
    assert made == ["Note", "SystemReportReturnCode"]
