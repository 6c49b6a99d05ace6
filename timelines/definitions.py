"""What a funnel asks of a timeline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).min
FOREVER = np.iinfo(np.int64).max

# Bits of an event's mask, from the first on: steps, exclusions; and whether a strict funnel sees
# it. They are compiled into `search`, which is compiled anew only when its own file changes.
MAX_STEPS = 16
MAX_EXCLUSIONS = 46
SEEN_BIT = 62
SEEN = 1 << SEEN_BIT

# Grains of the periods in which users enter, and the first day of all time.
DAY, WEEK, MONTH, ALL = range(4)
NO_DAY = np.iinfo(np.int32).min


def step_bit(step_number: int) -> int:
    """The bit of a step, numbered from 1."""
    if not 1 <= step_number <= MAX_STEPS:
        raise ValueError(f"a funnel has steps 1 to {MAX_STEPS}, not {step_number}")
    return 1 << (step_number - 1)


def exclusion_bit(exclusion_number: int) -> int:
    """The bit of an exclusion, numbered from 1 without gaps."""
    if not 1 <= exclusion_number <= MAX_EXCLUSIONS:
        raise ValueError(f"a funnel has exclusions 1 to {MAX_EXCLUSIONS}, not {exclusion_number}")
    return 1 << (MAX_STEPS + exclusion_number - 1)


@dataclass(frozen=True)
class Step:
    """A step; its least and most microseconds since the nearest earlier required step, included."""

    is_optional: bool = False
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Exclusion:
    """Numbers of the two steps between which an event voids an attempt; none: first and last."""

    after: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class Funnel:
    """A funnel's row in funnels.csv with its steps and exclusions in order of their numbers.

    `window` is in microseconds, `from_at` and `to_at` are instants, both ends included.
    """

    steps: tuple[Step, ...]
    window: int
    order_mode: str = "ordered"  # ordered, strict, any
    ties: str = "together"  # together, later
    count_by: str = "users"  # users, attempts
    exclusions: tuple[Exclusion, ...] = ()
    from_at: int | None = None
    to_at: int | None = None

    def numbers(self) -> NDArray[np.int64]:
        """The funnel as `search` reads it."""
        from timelines import search

        step_bit(len(self.steps))
        exclusion_bit(len(self.exclusions) or 1)
        modes = {"ordered": search.ORDERED, "strict": search.STRICT, "any": search.ANY}
        found = np.zeros(search.SPEC, np.int64)
        found[search.MODE] = modes[self.order_mode]
        found[search.STEPS] = len(self.steps)
        found[search.WINDOW] = self.window
        found[search.IS_LATER] = {"together": 0, "later": 1}[self.ties]
        found[search.BY_ATTEMPTS] = {"users": 0, "attempts": 1}[self.count_by]
        found[search.FROM_AT] = NEVER if self.from_at is None else self.from_at
        found[search.TO_AT] = FOREVER if self.to_at is None else self.to_at
        found[search.EXCLUSIONS] = len(self.exclusions)
        for number, step in enumerate(self.steps):
            is_free = step.least is None and step.most is None
            found[search.HAS_CHOICE] |= number > 0 and (step.is_optional or not is_free)
            base = search.STEP + 3 * number
            found[base + search.IS_OPTIONAL] = number > 0 and step.is_optional
            found[base + search.LEAST] = NEVER if step.least is None else step.least
            found[base + search.MOST] = FOREVER if step.most is None else step.most
        for number, exclusion in enumerate(self.exclusions):
            is_whole = self.order_mode == "any"
            after = 1 if is_whole else exclusion.after or 1
            before = len(self.steps) if is_whole else exclusion.before or len(self.steps)
            base = search.AFTER_BEFORE + 2 * number
            found[base : base + 2] = after - 1, before - 1
        return found
