"""Growth accounting, against the sets of users who were active in each period."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.warehouse.users_world import (
    World,
    build,
    compared,
    read_rows,
    rows_of,
    world,
)

WORLDS = ("plain", "local")
EVENTS = {"any": None, "reading": "read", "buying": "buy", "never": "unheard_of", "wide": None}


def growth(
    wanted: World, activity_id: str, grain: str, people: set[tuple[Any, ...]] | None = None
) -> list[tuple[Any, ...]]:
    """Rows of one activity and grain, from sets of users by period; `people` takes the users."""
    periods: dict[date, set[str]] = {}
    for day in wanted.dates():
        periods.setdefault(wanted.period_start(grain, day), set())
    for user, days in wanted.active_days(EVENTS[activity_id]).items():
        for day in days:
            periods[wanted.period_start(grain, day)].add(user)
    new_by = {row["activity_id"]: row["new_by"] for row in read_rows(wanted.seeds["activities"])}
    created: dict[date, set[str]] = {}
    for user, at in wanted.created.items():
        local = at.astimezone(ZoneInfo(wanted.timezone)).date()
        created.setdefault(wanted.period_start(grain, local), set()).add(user)
    rows, before, ever = [], set[str](), set[str]()
    for start, active in sorted(periods.items()):
        new, churned = active - ever, before - active
        if new_by[activity_id] == "created_at":
            new = active & created.get(start, set())
        retained, resurrected = (active & before) - new, active - before - new
        if people is not None:
            states = {"new": new, "retained": retained, "resurrected": resurrected}
            for state, users in {**states, "churned": churned}.items():
                people.update((activity_id, grain, start, state, user) for user in users)
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
def test_the_people_behind_growth_are_those_of_the_sets(name: str) -> None:
    expected: set[tuple[Any, ...]] = set()
    for activity_id in EVENTS:
        for grain in ("day", "week", "month"):
            growth(world(name), activity_id, grain, expected)
    actual = rows_of(
        build(name),
        "facts.fct_user_growth_states",
        "activity_id, grain, period_start_date, growth_state, user_id",
    )
    assert len(actual) == len(set(actual))
    assert set(actual) == expected
