"""The attempts that count: in each period in which a user entered a funnel, the best one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timelines.definitions import ALL, DAY, MONTH, NO_DAY, WEEK
from timelines.ranges import RANGE, in_threads, plain, ranges

__all__ = ["ALL", "DAY", "MONTH", "NO_DAY", "WEEK", "counting_order", "outdone_at"]


def counting_order(
    required: NDArray[np.int8],
    count: NDArray[np.int8],
    is_void: NDArray[np.bool_],
    is_ignored: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """What counts first is least: not ignored, more required steps, more steps, not void."""
    depth = (99 - required.astype(np.int32)) * 100 + 99 - count
    return depth * 2 + is_void + is_ignored.astype(np.int32) * 20_000


def outdone_at(
    user: NDArray[np.int32],
    part: NDArray[np.int32] | None,
    order: NDArray[np.int32],
    day: NDArray[np.int32],
    closes_at: NDArray[np.int64],
    week_start: int,
    threads: int = 1,
) -> NDArray[np.int64]:
    """When each attempt stops to count, in each period that it opened in: a row of columns a grain
    (DAY, WEEK, MONTH, ALL).

    At any instant the best of the attempts counts whose windows have closed; of equal ones the
    first. That is when a better one closes; NEVER of the best of all; of one that never counts,
    because an earlier one is as good, when it closes itself. So whoever looks at an instant, with
    however many windows still open, sees at each attempt whether it is the one that counts.

    Rows stand by user, and of a user and part in order of their numbers, which is the order in
    which they close; parts of a user may be mixed. None as `part`: all are of one. `day` is the
    local day on which the attempt opened, `week_start` the weekday on which weeks begin (0:
    Monday). Counted by attempts each one is an entrant of its own: this is for funnels that count
    by users.
    """
    from timelines import best

    user = plain(user, np.int32)
    part = np.empty(0, np.int32) if part is None else plain(part, np.int32)
    order, day = plain(order, np.int32), plain(day, np.int32)
    closes_at = plain(closes_at, np.int64)
    is_first = np.diff(user, prepend=-1) != 0
    offsets = np.append(np.flatnonzero(is_first), len(user)).astype(np.int64)

    def found(users: tuple[int, int]) -> NDArray[np.int64]:
        return best.outdone(offsets, part, order, day, closes_at, week_start, *users)

    parts = in_threads(found, ranges(offsets, RANGE) or [(0, 0)], threads)
    return np.concatenate(parts, axis=-1)
