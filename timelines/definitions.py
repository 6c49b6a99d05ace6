"""What a funnel asks of a timeline, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEVER = np.iinfo(np.int64).min
FOREVER = np.iinfo(np.int64).max

# Bits of an event's mask: what it can serve. Step 1 is the first bit, exclusion 1 the bit 16.
MAX_STEPS = 16
MAX_EXCLUSIONS = 46
SEEN = np.int64(1) << 62


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
