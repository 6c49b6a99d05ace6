"""Stickiness histograms, against every period of every user counted from the events."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.warehouse.users_world import (
    STICKINESS,
    UTC,
    World,
    assert_ripe_rows_stay,
    build,
    compared,
    rows_of,
    world,
)

WORLDS = ("plain", "local")
EVENTS = {"any": None, "reading": "read", "buying": "buy"}
Period = tuple[date, date, bool]


def interval_of(wanted: World, unit: str, event: dict[str, Any]) -> Any:
    """The interval that an event is in; hours that the clock shows twice are two."""
    if unit == "hour":
        local = wanted.local(event)
        return (local.date(), local.hour, local.utcoffset())
    return wanted.period_start(unit, wanted.day(event))


def bound(wanted: World, text: str, is_end: bool) -> datetime:
    """Instant of a bound of a range: the end of one that is a date is the next midnight."""
    if len(text) == 10:
        day = date.fromisoformat(text) + timedelta(days=1 if is_end else 0)
        return wanted.midnight(day) - timedelta(microseconds=1 if is_end else 0)
    instant = datetime.fromisoformat(text)
    zone = instant.tzinfo or ZoneInfo(wanted.timezone)
    return instant.replace(tzinfo=zone).astimezone(UTC)


def periods(wanted: World, definition: dict[str, str]) -> list[Period]:
    """First day, last day and maturity of each period of a definition."""
    kind = definition["period"]
    if kind == "range":
        start, end = (
            (bound(wanted, definition[column], column == "to_at") if definition[column] else None)
            for column in ("from_at", "to_at")
        )
        zone = ZoneInfo(wanted.timezone)
        first = start.astimezone(zone).date() if start else wanted.first_date
        last = end.astimezone(zone).date() if end else wanted.last_date
        return [(first, last, end is not None and end < wanted.data_through_at)]
    if kind == "28_days":
        return [
            (day - timedelta(days=27), day, wanted.is_closed(day + timedelta(days=1)))
            for day in wanted.dates()
        ]
    starts = {wanted.period_start(kind, day) for day in wanted.dates()}
    nexts = {start: wanted.next_period(kind, start) for start in starts}
    return [(s, n - timedelta(days=1), wanted.is_closed(n)) for s, n in nexts.items()]


def possible(wanted: World, unit: str, first: date, last: date) -> int | None:
    """How many intervals lie in a period, whole or in part; None: too many to list."""
    if unit == "hour":
        return None
    days = range((last - first).days + 1)
    return len({wanted.period_start(unit, first + timedelta(days=day)) for day in days})


def chosen(wanted: World, definition: dict[str, str]) -> Callable[[dict[str, Any]], bool]:
    """Whether an event is one that the definition counts, its period aside."""
    name = EVENTS[definition["activity_id"]]
    start = definition["from_at"] and bound(wanted, definition["from_at"], False)
    end = definition["to_at"] and bound(wanted, definition["to_at"], True)
    return lambda event: (
        (name is None or event["event_name"] == name)
        and (not start or event["occurred_at"] >= start)
        and (not end or event["occurred_at"] <= end)
    )


def histogram(wanted: World, definition: dict[str, str]) -> list[tuple[Any, ...]]:
    unit = definition["interval"] or "day"
    minimum = int(definition["min_occurrences"] or 1)
    counts_event = chosen(wanted, definition)
    users = [
        [
            (wanted.day(event), interval_of(wanted, unit, event))
            for event in events
            if counts_event(event)
        ]
        for events in wanted.active_events().values()
    ]
    rows = []
    for first, last, is_mature in periods(wanted, definition):
        reached: Counter[int] = Counter()
        for events in users:
            occurrences = Counter(interval for day, interval in events if first <= day <= last)
            number = sum(count >= minimum for count in occurrences.values())
            if number:
                reached[number] += 1
        listed = possible(wanted, unit, first, last) or max(reached, default=1)
        for number in range(1, listed + 1):
            if definition["is_cumulative"] == "true":
                count = sum(users for others, users in reached.items() if others >= number)
            else:
                count = reached[number]
            rows.append((definition["stickiness_id"], first, last, number, count, is_mature))
    return rows


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize(
    "definition", csv.DictReader(StringIO(STICKINESS)), ids=lambda d: d["stickiness_id"]
)
def test_histograms_are_those_counted_from_events(name: str, definition: dict[str, str]) -> None:
    wanted = world(name)
    actual = [
        row
        for row in rows_of(
            build(name),
            "marts.mart_stickiness",
            "stickiness_id, period_start_date, period_end_date, active_intervals, user_count, "
            "is_mature",
        )
        if row[0] == definition["stickiness_id"]
    ]
    assert sum(row[4] for row in actual) > 20
    assert actual == compared(histogram(wanted, definition))


@pytest.mark.parametrize("name", WORLDS)
def test_ripe_rows_stay(name: str) -> None:
    assert_ripe_rows_stay(name, "2024-02-14T13:30:00Z", "marts.mart_stickiness")
