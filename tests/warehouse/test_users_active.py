"""Active users and the seven states of a day, against a walk over every user and day."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from tests.warehouse.users_world import (
    World,
    build,
    compared,
    days_between,
    rows_of,
    world,
)

WORLDS = ("plain", "local")
STATES = (
    "new",
    "current",
    "reactivated",
    "resurrected",
    "at_risk_wau",
    "at_risk_mau",
    "dormant",
)


def state_of(day: date, days: set[date]) -> str | None:
    """State of a user on a day, in the words of the definition; None before the first day."""
    last = max((other for other in days if other < day), default=None)
    since = (day - last).days if last else None
    if day in days:
        if since is None:
            return "new"
        return "current" if since <= 6 else "reactivated" if since <= 27 else "resurrected"
    if since is None:
        return None
    return "at_risk_wau" if since <= 6 else "at_risk_mau" if since <= 27 else "dormant"


def states(wanted: World) -> dict[date, Counter[str]]:
    counts: dict[date, Counter[str]] = {}
    for day in wanted.dates():
        found = (state_of(day, days) for days in wanted.active_days().values())
        counts[day] = Counter(state for state in found if state)
    return counts


@pytest.mark.parametrize("name", WORLDS)
def test_states_are_those_of_the_walk(name: str) -> None:
    wanted = world(name)
    closed = {day: wanted.is_closed(wanted.next_period("day", day)) for day in wanted.dates()}
    expected = [
        (day, state, counts[state], closed[day])
        for day, counts in states(wanted).items()
        for state in STATES
    ]
    actual = rows_of(
        build(name),
        "marts.mart_user_states_daily",
        "activity_date, state_id, user_count, is_mature",
    )
    assert actual == compared(expected)


@pytest.mark.parametrize("name", WORLDS)
def test_the_people_of_a_state_are_those_of_the_walk(name: str) -> None:
    """Each user and day is in one span: the one that the walk finds."""
    wanted = world(name)
    expected = [
        (day, user, state)
        for user, days in wanted.active_days().items()
        for day in wanted.dates()
        if (state := state_of(day, days))
    ]
    found = []
    for user, state, start, end in rows_of(
        build(name),
        "facts.fct_user_state_spans",
        "user_id, state_id, valid_from_date, valid_to_date",
    ):
        last = end - timedelta(days=1) if end else wanted.last_date
        found += [(day, user, state) for day in days_between(start, last)]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("name", WORLDS)
def test_active_users_are_counted_in_their_windows(name: str) -> None:
    wanted = world(name)
    expected = []
    for day in wanted.dates():
        dau, wau, mau = (
            sum(
                any(0 <= (day - active).days < length for active in days)
                for days in wanted.active_days().values()
            )
            for length in (1, 7, 28)
        )
        is_mature = wanted.is_closed(wanted.next_period("day", day))
        expected.append((day, dau, wau, mau, dau / mau if mau else None, is_mature))
    actual = rows_of(
        build(name),
        "marts.mart_active_users_daily",
        "activity_date, dau, wau, mau, stickiness_rate, is_mature",
    )
    assert actual == compared(expected)


@pytest.mark.parametrize("name", WORLDS)
def test_the_people_in_a_state_are_those_of_the_walk(name: str) -> None:
    wanted = world(name)
    expected = {
        (user, day, state)
        for user, days in wanted.active_days().items()
        for day in wanted.dates()
        if (state := state_of(day, days))
    }
    spans = rows_of(
        build(name),
        "facts.fct_user_state_spans",
        "user_id, state_id, valid_from_date, valid_to_date",
    )
    end = wanted.last_date + timedelta(days=1)
    actual = [
        (user, day, state)
        for user, state, start, after in spans
        for day in days_between(start, min(after or end, end) - timedelta(days=1))
    ]
    assert len(actual) == len(set(actual))
    assert set(actual) == expected
