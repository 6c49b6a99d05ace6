"""The attempts that count in each period, against a search that looks at all of them."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pytest

from timelines import periods

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
@pytest.mark.parametrize("first_day", ["0001-02-09", "1969-12-20", "2023-12-28", "2999-11-01"])
def test_the_best_of_each_period_is_found(week_start: int, first_day: str) -> None:
    chance = random.Random(f"{week_start} {first_day}")
    rows = []
    for user in range(60):
        day = (date.fromisoformat(first_day) - EPOCH).days
        for _ in range(chance.randrange(1, 12)):
            # Now and then a day comes again: a clock that is set back over midnight.
            day += chance.choice((0, 0, 1, 3, 9, -1))
            rows.append((user, chance.randrange(-1, 2), chance.randrange(4), day))
    user, part, order, days = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    closes_at = np.array([chance.randrange(100) for _ in rows], np.int64)
    for parts, threads in ((part, 1), (None, 2)):
        found = periods.best_attempts(user, parts, order, days, closes_at, week_start, threads)
        wanted = {}
        for row in range(len(rows)):
            of_part = -1 if parts is None else int(part[row])
            for grain in (periods.DAY, periods.WEEK, periods.MONTH, periods.ALL):
                period = start_of(grain, int(days[row]), week_start)
                wanted.setdefault((int(user[row]), of_part, grain, period), []).append(row)
        assert [
            (
                int(user[row]),
                -1 if parts is None else int(part[row]),
                int(grain),
                int(period),
                int(row),
                int(matures_at),
            )
            for row, grain, period, matures_at in zip(*found, strict=True)
        ] == [
            (*key, min(of_key, key=lambda row: (order[row], row)), max(closes_at[of_key]))
            for key, of_key in sorted(wanted.items())
        ]


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
    found = periods.best_attempts(none, None, none, none, none.astype(np.int64), 0)
    assert [len(column) for column in found] == [0, 0, 0, 0]
