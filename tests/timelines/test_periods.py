"""The attempts that count in each period, against a look at all that have closed."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pytest

from timelines import definitions, periods

EPOCH = date(1970, 1, 1)


def start_of(grain: int, day: int, week_start: int) -> int:
    """The first day of a period, by the calendar."""
    if grain == periods.ALL:
        return periods.NO_DAY
    found = EPOCH + timedelta(day)
    if grain == periods.WEEK:
        while found.weekday() != week_start:
            found -= timedelta(1)
    elif grain == periods.MONTH:
        found = found.replace(day=1)
    return (found - EPOCH).days


@pytest.mark.parametrize("week_start", [0, 5, 6])
@pytest.mark.parametrize(
    "first_day", ["0001-02-09", "1969-12-20", "1970-02-20", "2023-12-28", "2999-11-01"]
)
def test_the_best_of_each_period_counts_at_every_instant(week_start: int, first_day: str) -> None:
    chance = random.Random(f"{week_start} {first_day}")
    rows = []
    for user in range(60):
        day = (date.fromisoformat(first_day) - EPOCH).days
        for _ in range(chance.randrange(1, 12)):
            # Now and then a day comes again: a clock that is set back over midnight.
            day += chance.choice((0, 0, 1, 3, 9, -1))
            rows.append((user, chance.randrange(-1, 2), chance.randrange(4), day))
    user, part, order, days = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    # Windows close in the order in which they opened; two may at one instant.
    closes_at = np.empty(len(rows), np.int64)
    for row in range(len(rows)):
        is_first = row == 0 or user[row] != user[row - 1]
        closes_at[row] = 10 if is_first else closes_at[row - 1] + chance.choice((0, 1, 5))
    for parts, threads in ((part, 1), (None, 2)):
        found = periods.outdone_at(user, parts, order, days, closes_at, week_start, threads)
        together: dict[tuple[int, ...], list[int]] = {}
        for row in range(len(rows)):
            of_part = -1 if parts is None else int(part[row])
            for grain in (periods.DAY, periods.WEEK, periods.MONTH, periods.ALL):
                period = start_of(grain, int(days[row]), week_start)
                together.setdefault((int(user[row]), of_part, grain, period), []).append(row)
        for (_, _, grain, _), of_key in together.items():
            for horizon in range(int(closes_at[of_key[-1]]) + 2):
                closed = [row for row in of_key if closes_at[row] <= horizon]
                counts = [
                    row
                    for row in closed
                    if found[grain, row] == definitions.NEVER or found[grain, row] > horizon
                ]
                assert counts == sorted(closed, key=lambda row: (order[row], row))[:1]
            best = min(of_key, key=lambda row: (order[row], row))
            assert [row for row in of_key if found[grain, row] == definitions.NEVER] == [best]


def test_what_counts_first_is_least() -> None:
    ranked = [  # ignored, required, count, void
        (False, 16, 16, False),
        (False, 16, 16, True),
        (False, 3, 4, False),
        (False, 3, 3, False),
        (False, 3, 3, True),
        (False, 2, 16, False),
        (False, 1, 1, True),
        (True, 16, 16, True),
        (True, 1, 1, True),
    ]
    ignored, required, count, void = (np.array(column) for column in zip(*ranked, strict=True))
    order = periods.counting_order(required.astype(np.int8), count.astype(np.int8), void, ignored)
    assert (np.diff(order) > 0).all()


def test_no_attempts_have_no_best() -> None:
    none = np.empty(0, np.int32)
    found = periods.outdone_at(none, None, none, none, none.astype(np.int64), 0)
    assert found.shape == (4, 0)
