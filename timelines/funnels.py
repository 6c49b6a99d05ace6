"""Attempts at a funnel: every one that a timeline opens, with the event that serves each step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timelines.definitions import Funnel
from timelines.ranges import RANGE, in_threads, plain, ranges


class Closed(NamedTuple):
    """When what opened before a timeline begins has closed; for funnels that count by attempts.

    An attempt of the user, part and held value opens strictly after it. One row per such thread,
    in any order.
    """

    user: NDArray[np.int32]  # index into offsets
    part: NDArray[np.int32]  # as in Attempts
    held: NDArray[np.int32]  # code; 0 where no value is held
    at: NDArray[np.int64]


class Attempts(NamedTuple):
    """One row per attempt, by user, part and number. Of a step a row of columns: `served[n - 1]`.

    `number` counts the attempts of a user and part from 1, in order of the opening's instant, held
    value and position.
    """

    user: NDArray[np.int32]  # index into offsets
    part: NDArray[np.int32]  # -1: among all events; else among those of this breakdown value
    number: NDArray[np.int32]
    served: NDArray[np.int32]  # (steps, attempts): position of the event that serves, -1: none
    step_at: NDArray[np.int64]  # (steps, attempts): its instant, NEVER: none
    void_at: NDArray[np.int64]  # the first event that voids it, NEVER: none
    required: NDArray[np.int8]  # required steps that are served; in any order, all count
    count: NDArray[np.int8]  # steps that are served
    reached: NDArray[np.int8]  # number of the last step that is served


def masks(
    code: NDArray[np.int32],
    table: NDArray[np.int64],
    position: NDArray[np.int64],
    bits: NDArray[np.int64],
) -> NDArray[np.int64]:
    """What each event can serve: the bits of its code, and those given to single positions.

    `table[code]` has the bits of all events of a code (`step_bit`, `exclusion_bit`; `SEEN` of what
    a strict funnel sees: every event, or those that meet the funnel's own conditions). Of a step
    or exclusion that has conditions, or takes first events alone, the bits are given for single
    events: `bits[i]` to `position[i]`, a position as often as it likes.
    """
    mask = table[code]
    np.bitwise_or.at(mask, position, bits)
    return mask


def attempts(
    offsets: NDArray[np.int64],
    at: NDArray[np.int64],
    mask: NDArray[np.int64],
    funnel: Funnel,
    held: NDArray[np.int32] | None = None,
    value: NDArray[np.int32] | None = None,
    closed: Closed | None = None,
    threads: int = 1,
) -> Attempts:
    """Every attempt of every timeline.

    `held` is the code of the value that the funnel holds constant on each event (-1: missing,
    serves nothing and voids nothing), `value` the code of the breakdown value on each event, for
    breakdowns by `all` alone (-1: in no part). Codes of a value stand in the order of its text.
    Memory is that of the arrays, and of the attempts: give a range of users at a time (`ranges`).
    """
    from timelines import search

    spec = funnel.numbers()
    nothing = np.empty(0, np.int32)
    closed = closed or Closed(nothing, nothing, nothing, np.empty(0, np.int64))
    by_user = np.argsort(closed.user, kind="stable")
    columns = (
        *(plain(column, np.int64) for column in (offsets, at, mask)),
        *(nothing if column is None else plain(column, np.int32) for column in (held, value)),
        *(plain(column, np.int32)[by_user] for column in closed[:3]),
        plain(closed.at, np.int64)[by_user],
    )

    def found(users: tuple[int, int]) -> Attempts:
        return Attempts(*search.search(*columns, spec, *users))

    parts = in_threads(found, ranges(offsets, RANGE) or [(0, 0)], threads)
    return Attempts(*(np.concatenate(column, axis=-1) for column in zip(*parts, strict=True)))
