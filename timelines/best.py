"""When each attempt is outdone in its periods, compiled; see `periods.outdone_at`."""

from __future__ import annotations

import numpy as np

from timelines.compiled import entry, inner
from timelines.definitions import ALL, DAY, MONTH, NEVER, NO_DAY, WEEK


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


@entry("int64[]", "int32[]", "int32[]", "int32[]", "int64[]", "int64", "int64", "int64")
def outdone(offsets, part, order, day, closes_at, week_start, low, high):
    """Of the rows of the users from `low` to `high` (excluded); a user's rows by `offsets`."""
    first = offsets[low]
    found = np.full((ALL + 1, offsets[high] - first), NEVER, np.int64)
    for user in range(low, high):
        mine = np.arange(offsets[user], offsets[user + 1])
        if len(part) > 0:
            mine = mine[np.argsort(part[mine], kind="mergesort")]
        begin = 0
        while begin < len(mine):
            end = begin + 1
            is_ordered = True
            while end < len(mine) and (len(part) == 0 or part[mine[end]] == part[mine[begin]]):
                is_ordered = is_ordered and day[mine[end]] >= day[mine[end - 1]]
                end += 1
            of_part = mine[begin:end]
            begin = end
            for grain in range(ALL + 1):
                ordered = of_part
                # A clock that is set back over midnight repeats a day.
                if not is_ordered:
                    period = np.empty(len(of_part), np.int64)
                    for place in range(len(of_part)):
                        period[place] = _period(grain, day[of_part[place]], week_start)
                    ordered = of_part[np.argsort(period, kind="mergesort")]
                best = ordered[0]
                of_best = _period(grain, day[best], week_start)
                last_day, of_row = day[best], of_best
                for place in range(1, len(ordered)):
                    row = ordered[place]
                    if day[row] != last_day:
                        last_day = day[row]
                        of_row = _period(grain, last_day, week_start)
                    if of_row != of_best:
                        best, of_best = row, of_row
                    elif order[row] < order[best]:
                        found[grain, best - first] = closes_at[row]
                        best = row
                    else:
                        found[grain, row - first] = closes_at[row]
    return found
