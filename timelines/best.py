"""The best attempt of each period, compiled; see `periods.best_attempts`."""

from __future__ import annotations

import numpy as np
from numba import types

from timelines.compiled import array, entry, inner
from timelines.definitions import ALL, DAY, MONTH, NO_DAY, WEEK


@inner
def _month_start(day):
    """The first day of the month that a day lies in, in the calendar of today for all years."""
    # Years from 1 March 0000 on, so that a leap day is a year's last.
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    return day - (of_year - (153 * month + 2) // 5)


@inner
def _period(grain, day, week_start):
    if grain == DAY:
        return day
    if grain == WEEK:
        return day - (day + 3 - week_start) % 7
    if grain == MONTH:
        return _month_start(day)
    return NO_DAY


@entry(
    (
        array(types.int64), array(types.int32), array(types.int32), array(types.int32),
        array(types.int64), types.int64, types.int64, types.int64,
    )
)  # fmt: skip
def best(offsets, part, order, day, closes_at, week_start, low, high):
    """The best rows of the users from `low` to `high` (excluded); a user's rows by `offsets`."""
    size = 4 * (offsets[high] - offsets[low])
    rows = np.empty(size, np.int64)
    grains = np.empty(size, np.int8)
    periods = np.empty(size, np.int32)
    matures_at = np.empty(size, np.int64)
    out = 0
    for user in range(low, high):
        mine = np.arange(offsets[user], offsets[user + 1])
        if len(part) > 0:
            mine = mine[np.argsort(part[mine], kind="mergesort")]
        begin = 0
        while begin < len(mine):
            end = begin + 1
            while end < len(mine) and (len(part) == 0 or part[mine[end]] == part[mine[begin]]):
                end += 1
            of_part = mine[begin:end]
            begin = end
            for grain in range(ALL + 1):
                period = np.empty(len(of_part), np.int64)
                is_ordered = True
                for place in range(len(of_part)):
                    period[place] = _period(grain, day[of_part[place]], week_start)
                    is_ordered = is_ordered and (place == 0 or period[place] >= period[place - 1])
                ordered = of_part
                # A clock that is set back over midnight repeats a day.
                if not is_ordered:
                    by_period = np.argsort(period, kind="mergesort")
                    ordered, period = of_part[by_period], period[by_period]
                for place in range(len(ordered)):
                    row = ordered[place]
                    if place == 0 or period[place] != period[place - 1]:
                        rows[out], grains[out] = row, grain
                        periods[out], matures_at[out] = period[place], closes_at[row]
                        out += 1
                        continue
                    if order[row] < order[rows[out - 1]]:
                        rows[out - 1] = row
                    matures_at[out - 1] = max(matures_at[out - 1], closes_at[row])
    return rows[:out].copy(), grains[:out].copy(), periods[:out].copy(), matures_at[:out].copy()
