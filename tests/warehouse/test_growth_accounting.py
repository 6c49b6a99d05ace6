"""Growth accounting, against the sets of users who were active in each period."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.warehouse.users_world import (
    World,
    assert_ripe_rows_stay,
    build,
    compared,
    rows_of,
    world,
)

WORLDS = ("plain", "local")
EVENTS = {"any": None, "reading": "read", "buying": "buy", "never": "unheard_of"}


def growth(wanted: World, activity_id: str, grain: str) -> list[tuple[Any, ...]]:
    """Rows of one activity and grain, from sets of users by period."""
    periods: dict[date, set[str]] = {}
    for day in wanted.dates():
        periods.setdefault(wanted.period_start(grain, day), set())
    for user, days in wanted.active_days(EVENTS[activity_id]).items():
        for day in days:
            periods[wanted.period_start(grain, day)].add(user)
    rows, before, ever = [], set[str](), set[str]()
    for start, active in sorted(periods.items()):
        new, churned = active - ever, before - active
        retained, resurrected = active & before, (active & ever) - before
        ratio = len(new | resurrected) / len(churned) if churned else None
        counts = (len(new), len(retained), len(resurrected), len(churned), len(active))
        is_mature = wanted.is_closed(wanted.next_period(grain, start))
        rows.append((activity_id, grain, start, *counts, ratio, is_mature))
        before, ever = active, ever | active
    return rows


@pytest.mark.parametrize("name", WORLDS)
def test_growth_is_that_of_the_sets(name: str) -> None:
    expected = [
        row
        for activity_id in EVENTS
        for grain in ("day", "week", "month")
        for row in growth(world(name), activity_id, grain)
    ]
    actual = rows_of(
        build(name),
        "marts.mart_growth_accounting",
        "activity_id, grain, period_start_date, new_user_count, retained_user_count, "
        "resurrected_user_count, churned_user_count, active_user_count, quick_ratio, is_mature",
    )
    assert actual == compared(expected)


@pytest.mark.parametrize("name", WORLDS)
def test_ripe_rows_stay(name: str) -> None:
    assert_ripe_rows_stay(name, "2024-02-14T13:30:00Z", "marts.mart_growth_accounting")
