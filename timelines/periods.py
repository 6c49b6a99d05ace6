"""The attempts that count: the best one of each period in which a user entered a funnel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timelines.definitions import ALL, DAY, MONTH, NO_DAY, WEEK
from timelines.ranges import RANGE, in_threads, plain, ranges

__all__ = ["ALL", "DAY", "MONTH", "NO_DAY", "WEEK", "BestAttempts", "best_attempts"]


class BestAttempts(NamedTuple):
    """One row per user, part, grain and period in which an attempt opened, in this order."""

    row: NDArray[np.int64]  # the attempt that counts, as a row of what was given
    grain: NDArray[np.int8]  # DAY, WEEK, MONTH, ALL
    period: NDArray[np.int32]  # first day of the period; NO_DAY for all
    matures_at: NDArray[np.int64]  # when the last of the period's attempts closes


def counting_order(
    required: NDArray[np.int8],
    count: NDArray[np.int8],
    is_void: NDArray[np.bool_],
    is_ignored: NDArray[np.bool_],
) -> NDArray[np.int32]:
    """What counts first is least: not ignored, more required steps, more steps, not void."""
    depth = (99 - required.astype(np.int32)) * 100 + 99 - count
    return depth * 2 + is_void + is_ignored.astype(np.int32) * 20_000


def best_attempts(
    user: NDArray[np.int32],
    part: NDArray[np.int32] | None,
    order: NDArray[np.int32],
    day: NDArray[np.int32],
    closes_at: NDArray[np.int64],
    week_start: int,
    threads: int = 1,
) -> BestAttempts:
    """The best attempt of each user, part and period; of equal ones, the first row.

    Rows stand by user, and of a user and part in order of their numbers; parts of a user may be
    mixed. None as `part`: all are of one. `day` is the local day on which the attempt opened,
    `week_start` the weekday on which weeks begin (0: Monday). Counted by attempts each one is an
    entrant of its own: this is for funnels that count by users.
    """
    from timelines import best

    user = plain(user, np.int32)
    part = np.empty(0, np.int32) if part is None else plain(part, np.int32)
    order, day = plain(order, np.int32), plain(day, np.int32)
    closes_at = plain(closes_at, np.int64)
    is_first = np.diff(user, prepend=-1) != 0
    offsets = np.append(np.flatnonzero(is_first), len(user)).astype(np.int64)

    def found(users: tuple[int, int]) -> BestAttempts:
        return BestAttempts(*best.best(offsets, part, order, day, closes_at, week_start, *users))

    parts = in_threads(found, ranges(offsets, RANGE) or [(0, 0)], threads)
    return BestAttempts(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
