"""Lifecycle stages, against a state machine that walks every user through every day."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.warehouse.users_world import (
    World,
    build,
    compared,
    rows_of,
    world,
)

WORLDS = ("plain", "local")
STAGES = ("introduction", "growth", "maturity", "dormancy", "churn")


def limits_of(wanted: World, month: date) -> tuple[int, int]:
    """Limits of dormancy and churn that hold in a month."""
    if not wanted.is_calibrated:
        return 7, 30
    gaps: list[int] = []
    for days in wanted.active_days().values():
        ordered = sorted(days)
        for earlier, later in pairwise(ordered):
            if 1 <= (month - later).days <= 365:
                gaps.append((later - earlier).days)
    gaps.sort()
    if not gaps:
        return 7, 30
    # The first gap at which the share so far is at least 80 (90) in a hundred.
    dormancy = max(7, gaps[-(-8 * len(gaps) // 10) - 1])
    return dormancy, max(dormancy + 1, gaps[-(-9 * len(gaps) // 10) - 1])


def active_stage(wanted: World, day: date, days: set[date], key_days: set[date]) -> str:
    """Stage of a user on an active day."""
    min_days, min_weeks, of_weeks = (2, 3, 4) if wanted.has_key_actions else (3, 2, 3)
    if wanted.has_key_actions:
        is_introduction = not any(key_day <= day for key_day in key_days)
    else:
        is_introduction = sum(other <= day for other in days) < min_days
    if is_introduction:
        return "introduction"
    blocks = {(day - other).days // 7 for other in days if other <= day}
    weeks = len(blocks & set(range(of_weeks)))
    return "maturity" if weeks >= min_weeks else "growth"


def walk(wanted: World) -> dict[str, list[tuple[date, str]]]:
    """Stage of every user on every day since the first active one."""
    limits = {
        month: limits_of(wanted, month) for month in {day.replace(day=1) for day in wanted.dates()}
    }
    # An invite is no activity, and a key action all the same.
    key_days: dict[str, set[date]] = {}
    for event in wanted.events:
        if event["event_name"] in ("read", "ask"):
            key_days.setdefault(event["user_id"], set()).add(wanted.day(event))
    walks: dict[str, list[tuple[date, str]]] = {}
    for user, days in wanted.active_days().items():
        stage, last = "", date.min
        for day in wanted.dates():
            if day in days:
                last = day
                stage = active_stage(wanted, day, days, key_days.get(user, set()))
            elif stage:
                dormancy, churn = limits[day.replace(day=1)]
                silent_days = (day - last).days
                if silent_days > churn:
                    stage = "churn"
                elif silent_days > dormancy and stage != "churn":
                    stage = "dormancy"
            if stage:
                walks.setdefault(user, []).append((day, stage))
    return walks


def spans(wanted: World) -> list[tuple[Any, ...]]:
    rows = []
    for user, days in walk(wanted).items():
        starts = [
            (day, stage)
            for number, (day, stage) in enumerate(days)
            if number == 0 or days[number - 1][1] != stage
        ]
        ends = [day for day, _ in starts[1:]] + [None]
        previous = [None] + [stage for _, stage in starts[:-1]]
        for (start, stage), end, before in zip(starts, ends, previous, strict=True):
            silent = ("dormancy", "churn")
            rows.append((user, stage, start, end, before, before in silent and stage not in silent))
    return rows


@pytest.mark.parametrize("name", WORLDS)
def test_spans_are_those_of_the_walk(name: str) -> None:
    actual = rows_of(
        build(name),
        "facts.fct_user_lifecycle_spans",
        "user_id, stage_id, valid_from_date, valid_to_date, previous_stage_id, is_resurrected",
    )
    assert {row[1] for row in actual} == set(STAGES)
    assert actual == compared(spans(world(name)))


@pytest.mark.parametrize("name", WORLDS)
def test_limits_are_those_of_the_sorted_gaps(name: str) -> None:
    wanted = world(name)
    expected = []
    for month in {day.replace(day=1) for day in wanted.dates()}:
        dormancy, churn = limits_of(wanted, month)
        expected += [("dormancy", month, dormancy), ("churn", month, churn)]
    actual = rows_of(
        build(name), "facts.fct_lifecycle_limits", "stage_id, month_start_date, silent_over_days"
    )
    assert actual == compared(expected)
    if wanted.is_calibrated:
        assert len({row[2] for row in actual}) > 2, "the limits should differ between months"


@pytest.mark.parametrize("name", WORLDS)
def test_days_are_those_of_the_walk(name: str) -> None:
    wanted = world(name)
    users: Counter[tuple[date, str]] = Counter()
    entered: Counter[tuple[date, str]] = Counter()
    left: Counter[tuple[date, str]] = Counter()
    for days in walk(wanted).values():
        before = ""
        for day, stage in days:
            users[day, stage] += 1
            if stage != before:
                entered[day, stage] += 1
                left[day, before] += 1
            before = stage
    expected = [
        (
            day,
            stage,
            users[day, stage],
            entered[day, stage],
            left[day, stage],
            wanted.is_closed(day + timedelta(days=1)),
        )
        for day in wanted.dates()
        for stage in STAGES
    ]
    actual = rows_of(
        build(name),
        "marts.mart_lifecycle_daily",
        "activity_date, stage_id, user_count, entered_count, left_count, is_mature",
    )
    assert actual == compared(expected)


@pytest.mark.parametrize("name", WORLDS)
def test_migrations_are_the_steps_of_the_walk(name: str) -> None:
    wanted = world(name)
    movers: dict[tuple[str, date, str | None, str], list[str]] = {}
    for user, days in walk(wanted).items():
        before: str | None = None
        for day, stage in days:
            if stage != before:
                for grain in ("day", "week", "month"):
                    period = wanted.period_start(grain, day)
                    movers.setdefault((grain, period, before, stage), []).append(user)
            before = stage
    expected = [
        (
            *move,
            len(set(users)),
            len(users),
            move[2] in ("dormancy", "churn") and move[3] not in ("dormancy", "churn"),
            wanted.is_closed(wanted.next_period(move[0], move[1])),
        )
        for move, users in movers.items()
    ]
    assert any(users < moves for *_, users, moves, _, _ in expected), "nobody moves twice"
    actual = rows_of(
        build(name),
        "marts.mart_lifecycle_migrations",
        "grain, period_start_date, from_stage_id, to_stage_id, user_count, move_count,"
        " is_resurrected, is_mature",
    )
    assert actual == compared(expected)
