"""The heat map, against hours that a walk along the clock counts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.warehouse.users_world import (
    World,
    build,
    compared,
    rows_of,
    world,
)

WORLDS = (pytest.param("plain", marks=pytest.mark.long), "local")
EVENTS = {"any": None, "reading": "read", "buying": "buy", "never": "unheard_of", "wide": None}
Cell = tuple[str, date, int, int]


def clock_hours(wanted: World) -> dict[Cell, float]:
    """Hours of each name and period: a walk of a quarter of an hour at a time."""
    hours: dict[Cell, float] = defaultdict(float)
    at = wanted.midnight(wanted.first_date)
    through, zone = wanted.data_through_at, ZoneInfo(wanted.timezone)
    while at < through:
        local = at.astimezone(zone)
        for grain in ("week", "month"):
            start = wanted.period_start(grain, local.date())
            hours[grain, start, local.isoweekday(), local.hour] += 0.25
        at += timedelta(minutes=15)
    return hours


def heatmap(wanted: World) -> list[tuple[Any, ...]]:
    hours = clock_hours(wanted)
    events: dict[tuple[str, Cell], list[tuple[str, Any]]] = defaultdict(list)
    for user, mine in wanted.active_events().items():
        for event in mine:
            local = wanted.local(event)
            began = local.replace(minute=0, second=0, microsecond=0)
            for grain in ("week", "month"):
                start = wanted.period_start(grain, local.date())
                cell = (grain, start, local.isoweekday(), local.hour)
                for activity_id, name in EVENTS.items():
                    if name in (None, event["event_name"]):
                        # The offset tells the two hours apart that the clock shows alike.
                        events[activity_id, cell].append((user, (began, began.utcoffset())))
    periods = {
        (grain, wanted.period_start(grain, day))
        for grain in ("week", "month")
        for day in wanted.dates()
    }
    offset = 0 if wanted.week_start == "monday" else 1
    rows = []
    for grain, start in periods:
        is_mature = wanted.is_closed(wanted.next_period(grain, start))
        for weekday in range(1, 8):
            position = (weekday - 1 + offset) % 7 + 1
            for hour in range(24):
                cell = (grain, start, weekday, hour)
                for activity_id in EVENTS:
                    found = events[activity_id, cell]
                    counts = (len(found), len({user for user, _ in found}), len(set(found)))
                    rows.append(
                        (activity_id, *cell, position, *counts, hours.get(cell, 0), is_mature)
                    )
    return rows


@pytest.mark.parametrize("name", WORLDS)
def test_the_heat_map_is_that_of_the_clock(name: str) -> None:
    actual = rows_of(
        build(name),
        "marts.mart_activity_heatmap",
        "activity_id, grain, period_start_date, weekday_number, hour_of_day, weekday_position, "
        "event_count, user_count, user_hour_count, hour_count, is_mature",
    )
    expected = [(*row[:-2], float(row[-2]), row[-1]) for row in heatmap(world(name))]
    differing = [row for row in zip(actual, compared(expected), strict=True) if row[0] != row[1]]
    assert not differing, differing[:5]


def test_the_changes_of_clocks_are_in_the_world() -> None:
    """New York: an hour of a Sunday in March that never was, one in November that was twice."""
    hours = clock_hours(world("local"))
    assert ("week", date(2023, 3, 12), 7, 2) not in hours
    assert hours["week", date(2023, 11, 5), 7, 1] == 2
