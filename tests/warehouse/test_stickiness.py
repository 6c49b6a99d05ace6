"""Stickiness histograms, against every period of every user counted from the events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.warehouse.draws import seed
from tests.warehouse.users_world import (
    DRAWN_STICKINESS,
    STICKINESS,
    UTC,
    World,
    build,
    compared,
    read_rows,
    rows_of,
    world,
)

WORLDS = (pytest.param("plain", marks=pytest.mark.long), "local")
EVENTS = {"any": None, "reading": "read", "buying": "buy", "wide": None}
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
    """How many intervals lie in a period, whole or in part; None: hours, too many to list."""
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


def block_of(wanted: World, definition: dict[str, str], last: date, interval: Any) -> Any:
    """The interval of several that one is in, counted back from the period's end."""
    unit, size = definition["interval"] or "day", int(definition["interval_size"] or 1)
    if size == 1:
        return interval
    if unit == "hour":
        day, hour, offset = interval
        at = datetime(day.year, day.month, day.day, hour) - offset
        end = bound(wanted, definition["to_at"] or last.isoformat(), True)
        zone = end.astimezone(ZoneInfo(wanted.timezone))
        full = zone.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        return (full.replace(tzinfo=None) - at) // timedelta(hours=1) // size
    start, steps = wanted.period_start(unit, last), 0
    while start > interval:
        start, steps = wanted.period_start(unit, start - timedelta(days=1)), steps + 1
    return steps // size


def histogram(wanted: World, definition: dict[str, str]) -> list[tuple[Any, ...]]:
    unit = definition["interval"] or "day"
    minimum = int(definition["min_occurrences"] or 1)
    maximum = int(definition["max_occurrences"] or 10**9)
    size = int(definition["interval_size"] or 1)
    counts_event = chosen(wanted, definition)
    listed_periods = periods(wanted, definition)
    periods_of: dict[date, list[int]] = defaultdict(list)
    for number, (first, last, _) in enumerate(listed_periods):
        for day in range((last - first).days + 1):
            periods_of[first + timedelta(days=day)].append(number)
    blocks: dict[tuple[date, Any], Any] = {}
    reached: list[Counter[int]] = [Counter() for _ in listed_periods]
    for events in wanted.active_events().values():
        occurrences: dict[int, Counter[Any]] = defaultdict(Counter)
        for event in filter(counts_event, events):
            interval = interval_of(wanted, unit, event)
            for number in periods_of[wanted.day(event)]:
                last = listed_periods[number][1]
                if (last, interval) not in blocks:
                    blocks[last, interval] = block_of(wanted, definition, last, interval)
                occurrences[number][blocks[last, interval]] += 1
        for number, counts in occurrences.items():
            active = sum(minimum <= count <= maximum for count in counts.values())
            if active:
                reached[number][active] += 1
    rows = []
    for users, (first, last, is_mature) in zip(reached, listed_periods, strict=True):
        in_all = possible(wanted, unit, first, last)
        listed = -(-in_all // size) if in_all else 0
        if not 0 < listed <= 366:
            listed = max(users, default=1)
        for number in range(1, listed + 1):
            if definition["is_cumulative"] == "true":
                count = sum(found for others, found in users.items() if others >= number)
            else:
                count = users[number]
            rows.append((definition["stickiness_id"], first, last, number, count, is_mature))
    return rows


@cache
def built(name: str) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the mart by definition."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows_of(
        build(name),
        "marts.mart_stickiness",
        "stickiness_id, period_start_date, period_end_date, active_intervals, user_count, "
        "is_mature",
    ):
        found[row[0]].append(row)
    return found


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("definition", read_rows(STICKINESS), ids=lambda d: d["stickiness_id"])
def test_histograms_are_those_counted_from_events(name: str, definition: dict[str, str]) -> None:
    actual = built(name)[definition["stickiness_id"]]
    assert sum(row[4] for row in actual) > 20
    assert actual == compared(histogram(world(name), definition))


@pytest.mark.parametrize("name", WORLDS)
def test_drawn_histograms_are_those_counted_from_events(name: str) -> None:
    wanted = world(name)
    drawn = [
        row
        for row in read_rows(wanted.seeds["stickiness"])
        if row["stickiness_id"].startswith("drawn")
    ]
    assert len(drawn) == DRAWN_STICKINESS
    for definition in drawn:
        actual = built(name)[definition["stickiness_id"]]
        expected = compared(histogram(wanted, definition))
        different = set(actual) ^ set(expected)
        assert actual == expected, (
            f"YUNYING_TEST_SEED={seed()}: {definition}: {sorted(different)[:8]}"
        )
