"""Values of a server as the text that raw files have, and times to put rows in order by."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.ingest.databases.servers import (
    BITS,
    BOOLEAN,
    BYTES,
    DATE,
    INTEGER,
    LOCAL,
    TIMES,
)

_EPOCH = datetime(1970, 1, 1)
_LAST_SECOND = 10**11
"""From here on an epoch is of a finer unit."""


def maker(holds: str, zone: ZoneInfo) -> Callable[[Any], str | None]:
    """How a value of a column becomes text."""
    if holds == LOCAL and zone.key != "UTC":
        return lambda value: _in_zone(_dated(value), zone)
    if holds in TIMES:
        return _dated
    if holds == BOOLEAN:
        return lambda value: {"t": "true", "f": "false"}.get(value, value)
    if holds == BITS:
        return lambda value: None if value is None else str(int.from_bytes(value, "big"))
    # Ids are often kept in bytes: they are their hexadecimal digits, which PostgreSQL marks.
    if holds == BYTES:
        return lambda value: value and value.removeprefix("\\x")
    return lambda value: value.hex() if isinstance(value, bytes) else value


def _dated(text: str | None) -> str | None:
    """A zero date is none."""
    return None if text is None or text.startswith("0000-00-00") else text


def _in_zone(text: str | None, zone: ZoneInfo) -> str | None:
    """With its offset; what is no time stays as it is, and is found out when it is staged."""
    if text is None:
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat(sep=" ")
    return text


def instant(value: Any, holds: str) -> datetime | None:
    """When that is, by the clock of its column; None: at no time."""
    if value is None:
        return None
    with suppress(ValueError, OverflowError):
        if holds == INTEGER:
            epoch = int(value)
            return None if epoch <= 0 else _EPOCH + timedelta(seconds=epoch / _unit(epoch))
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return None


def clock(holds: str, zone: ZoneInfo) -> datetime:
    """What time it is by the clock of such a column."""
    return datetime.now(zone if holds in (LOCAL, DATE) else UTC).replace(tzinfo=None)


def before(value: str, holds: str, overlap: timedelta) -> str:
    """The value that lies so much before this one, which has a time."""
    if holds == INTEGER:
        return str(int(value) - int(overlap.total_seconds() * _unit(int(value))))
    at = instant(value, holds)
    assert at is not None
    with suppress(OverflowError):
        at -= overlap
    if holds == DATE:
        return at.date().isoformat()
    return at.isoformat(sep=" ") + ("+00" if value.endswith("+00") else "")


def _unit(epoch: int) -> int:
    """How many of its units a second has: seconds, milliseconds or microseconds."""
    return next((unit for unit in (1, 1_000) if epoch < _LAST_SECOND * unit), 1_000_000)
