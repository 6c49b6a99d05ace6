"""Sessions, against a walk over each user's events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.warehouse.users_world import World, build, rows_of, world

WORLDS = ("plain", "local")


def sessions(wanted: World) -> list[tuple[Any, ...]]:
    """User, start, end and number of events of each session."""
    rows: list[tuple[Any, ...]] = []
    for user, events in wanted.active_events().items():
        open_since: datetime | None = None
        last = datetime.min
        count = 0
        for at in sorted(event["occurred_at"].replace(tzinfo=None) for event in events):
            if (
                open_since is None
                or at - last >= timedelta(minutes=30)
                or at - open_since >= timedelta(hours=72)
            ):
                if open_since is not None:
                    rows.append((user, open_since, last, count))
                open_since, count = at, 0
            last, count = at, count + 1
        rows.append((user, open_since, last, count))
    return rows


@pytest.mark.parametrize("name", WORLDS)
def test_sessions_are_those_of_the_walk(name: str) -> None:
    expected = sessions(world(name))
    actual = rows_of(
        build(name), "facts.fct_sessions", "user_id, started_at, ended_at, event_count"
    )
    assert sorted(actual) == sorted(expected)
    assert any(end - start > timedelta(hours=71) for _, start, end, _ in expected)
