"""Timelines that would make a search slow that tries, each with figures that are known."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.timelines.worlds import instant
from timelines import definitions, funnels
from timelines.definitions import NEVER, Exclusion, Funnel, Step

A, B, C, X = range(4)
SECOND = 1_000_000
DAY = 86_400 * SECOND
# Plain Python takes a hundred times as long.
SHARE = 100 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 1
MANY = 5_000_000 // SHARE


def attempts(
    at: Iterable[int], code: Iterable[int], funnel: Funnel, steps: list[tuple[int, ...]]
) -> funnels.Attempts:
    """Attempts of one user; `steps` are the codes that serve each step, X is excluded."""
    table = np.full(4, definitions.SEEN if funnel.order_mode == "strict" else 0, np.int64)
    for number, codes in enumerate(steps, 1):
        table[list(codes)] |= definitions.step_bit(number)
    if funnel.exclusions:
        table[X] |= definitions.exclusion_bit(1)
    at = np.asarray(at, np.int64)
    none = np.empty(0, np.int64)
    mask = funnels.masks(np.asarray(code, np.int32), table, none, none)
    return funnels.attempts(np.array([0, len(at)], np.int64), at, mask, funnel)


@pytest.mark.parametrize(
    ("mode", "ties", "step", "share"),
    [
        ("ordered", "together", Step(), 1),
        ("ordered", "later", Step(), 10),
        ("ordered", "together", Step(False, 0, DAY), 10),
        ("ordered", "later", Step(False, 0, DAY), 10),
        ("any", "together", Step(), 10),
        ("any", "later", Step(), 10),
    ],
)
def test_millions_of_events_in_a_second(mode: str, ties: str, step: Step, share: int) -> None:
    """A and B in turn, C never: each A looks for a C as far as the window goes."""
    count = MANY // share
    code = np.arange(count) % 2
    funnel = Funnel((Step(), step, step), DAY, mode, ties)
    found = attempts(np.arange(count) // 10, code, funnel, [(A,), (B,), (C,)])
    # A and B alike open in any order.
    openings = count if mode == "any" else count // 2
    # Of the last instant, where each step is to be later.
    alone = 0 if ties == "together" else 10 if mode == "any" else 5
    assert np.bincount(found.reached).tolist() == [0, alone, openings - alone]


@pytest.mark.parametrize("mode", ["ordered", "any", "strict"])
@pytest.mark.parametrize("step", [Step(), Step(True, 0, DAY)])
def test_100000_events_at_one_instant(mode: str, step: Step) -> None:
    count = 100_000 // SHARE
    if mode == "any":
        step = Step()
    code = np.repeat([A, B, C], count // 3)
    funnel = Funnel((Step(), step, step), 0, mode)
    found = attempts(np.zeros(len(code)), code, funnel, [(A,), (B,), (C,)])
    if mode == "strict":
        # In order of their steps: the last A is followed by a B, which is followed by a B.
        assert np.bincount(found.reached).tolist() == [0, count // 3 - 1, 1]
        return
    openings = len(code) if mode == "any" else count // 3
    assert np.bincount(found.reached).tolist() == [0, 0, 0, openings]
    if mode == "ordered":
        assert (found.served[1] == count // 3).all()
        assert (found.served[2] == 2 * (count // 3)).all()
    later = Funnel((Step(), step, step), 0, mode, "later")
    found = attempts(np.zeros(len(code)), code, later, [(A,), (B,), (C,)])
    assert np.bincount(found.reached).tolist() == [0, openings]


def test_days_with_optional_steps_and_limits() -> None:
    """Each day an A and a C, each third day a B, all at midnight."""
    days = 12_000 // SHARE
    day = np.repeat(np.arange(days), 3)
    code = np.tile([A, B, C], days)
    keep = (code != B) | (day % 3 == 0)
    day, code = day[keep], code[keep]
    funnel = Funnel((Step(), Step(True, 0, DAY), Step(False, DAY, 2 * DAY)), 400 * DAY)
    found = attempts(day * DAY, code, funnel, [(A,), (B,), (C,)])
    opened = np.arange(days)
    # B on the same day, or on the next; never two days on: it would be more than a day later.
    has_b = np.where(opened % 3 == 1, -1, opened + -opened % 3)
    has_b[has_b >= days] = -1
    closes = np.where(opened + 1 < days, opened + 1, -1)
    assert (found.step_at[0] == opened * DAY).all()
    assert (found.step_at[1] == np.where(has_b < 0, NEVER, has_b * DAY)).all()
    assert (found.step_at[2] == np.where(closes < 0, NEVER, closes * DAY)).all()


def test_days_where_the_last_of_many_steps_is_missing() -> None:
    """Ten steps are limited, half of them optional, and any event serves each; none the last.

    Where fewer events are left than steps, required ones come first.
    """
    days = 2_000 // SHARE
    steps = (Step(), *(Step(number % 2 == 1, 0, 30 * DAY) for number in range(10)), Step())
    found = attempts(
        np.arange(days) * DAY, np.zeros(days), Funnel(steps, 3_000 * DAY), [(A,)] * 11 + [(C,)]
    )
    assert found.reached.tolist() == [11] * (days - 10) + [10] * 5 + [8, 6, 4, 2, 1]


@pytest.mark.parametrize("mode", ["ordered", "any", "strict"])
def test_twelve_equal_steps(mode: str) -> None:
    count = 60_000 // SHARE
    at = np.arange(count) // 3 * DAY
    found = attempts(at, np.zeros(count), Funnel((Step(),) * 12, 10**6 * DAY, mode), [(A,)] * 12)
    left = np.arange(count, 0, -1)
    if mode != "strict":
        # Events of the opening's instant may come before it.
        left += np.arange(count) % 3
    assert (found.reached == np.minimum(left, 12)).all()


def test_an_attempt_for_each_of_many_restarts() -> None:
    """Each A is closed by the X after it; an A at the instant of the X opens nothing."""
    count = 900_000 // SHARE
    at = np.repeat(np.arange(count // 3), 3)
    code = np.tile([A, X, A], count // 3)
    at[1::3] += 1
    at[2::3] += 1
    funnel = Funnel((Step(), Step()), DAY, count_by="attempts", exclusions=(Exclusion(),))
    order = np.lexsort((code, at))
    found = attempts(at[order], code[order], funnel, [(A,), (B,)])
    opened = found.step_at[0]
    assert (np.diff(opened) == 2).all()
    assert (found.void_at[:-1] == opened[:-1] + 1).all()
    assert len(opened) == count // 6 + 1


@pytest.mark.parametrize("year", [1, 2999])
def test_years_far_away(year: int) -> None:
    first = instant(datetime(year, 2, 1, tzinfo=UTC))
    at = np.array([first, first + DAY, first + DAY + 1])
    for funnel in (
        Funnel((Step(), Step()), DAY, exclusions=(Exclusion(),)),
        Funnel((Step(), Step(False, DAY, DAY)), DAY, from_at=first, to_at=first),
        Funnel((Step(), Step()), DAY, "any", count_by="attempts"),
        Funnel((Step(), Step()), DAY, "strict", "later"),
    ):
        found = attempts(at, [A, B, X], funnel, [(A,), (B,)])
        assert found.step_at[:, 0].tolist() == [first, first + DAY]
        assert found.void_at[0] == NEVER


def test_no_user_and_a_user_without_events() -> None:
    funnel = Funnel((Step(),), 0)
    assert len(attempts([], [], funnel, [(A,)]).user) == 0
    none = np.empty(0, np.int64)
    found = funnels.attempts(np.zeros(1, np.int64), none, none, funnel)
    assert found.served.shape == (1, 0)


def test_a_funnel_of_too_many_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="steps 1 to 16"):
        attempts([0], [A], Funnel((Step(),) * 17, 0), [])
