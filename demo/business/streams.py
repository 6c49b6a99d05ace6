"""Streams of random numbers, each with a place of its own: seed, process, block, part.

Philox counts, so a stream begins where its counter says, and none depends on what was drawn
before it, on how many blocks there are, or on the order of work. Within a stream draws stand in
the order of people: the first people draw the same, however many come after them.
"""

from __future__ import annotations

from enum import IntEnum, auto

import numpy as np

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


class Process(IntEnum):
    """What draws; a new one goes to the end, so that the others keep their numbers."""

    ARRIVALS = 1
    SIGN_UPS = auto()
    INVITES = auto()
    PROFILES = auto()
    LIVES = auto()
    APP_DAYS = auto()
    RETURNS = auto()
    VISITS = auto()
    PAGES = auto()
    JOURNEYS = auto()
    PURCHASES = auto()
    AMOUNTS = auto()
    SHOP_VISITS = auto()
    MERCHANTS = auto()
    SALES = auto()
    VIOLATIONS = auto()
    FEATURES = auto()
    CHECK_INS = auto()
    CAMPAIGNS = auto()
    PIECES = auto()
    SHOWN = auto()
    READS = auto()
    SHARES = auto()
    FEEDBACK = auto()
    COSTS = auto()
    RECEIPT = auto()
    DIRT = auto()


def stream(seed: int, process: Process, block: int = 0, part: int = 0) -> np.random.Generator:
    """The stream of a process in a block; `part` tells its rounds apart."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, part, block, int(process)]))


def hashed(numbers: np.ndarray, salt: int) -> Floats:
    """A number in [0, 1) for each number, always the same (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = np.asarray(numbers).astype(np.uint64)
        mixed = mixed + np.uint64((salt + 1) * 0x9E3779B97F4A7C15 % 2**64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53


def choice(draws: Floats, shares: np.ndarray) -> Ints:
    """For each draw in [0, 1) the place whose share it falls into; shares may have any scale."""
    edges = np.cumsum(np.asarray(shares, dtype=np.float64))
    return np.searchsorted(edges[:-1] / edges[-1], draws, side="right")


def spread(counts: np.ndarray) -> tuple[Ints, Ints]:
    """For `counts` things each: whose each thing is, and its number among them, from 0."""
    owners = np.repeat(np.arange(len(counts)), counts)
    firsts = np.cumsum(counts) - counts
    return owners, np.arange(len(owners)) - firsts[owners]
