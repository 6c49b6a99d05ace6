"""Attempts of the compiled search against the oracle that tries everything, without a build."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.timelines import worlds
from tests.warehouse import funnel_draws
from tests.warehouse.draws import gather, seed

DRAWS = int(os.environ.get("YUNYING_TEST_DRAWS") or 300)
CROWDED = 10 * DRAWS


def report(number: int, one: worlds.Drawn) -> str:
    lines = [f"YUNYING_TEST_SEED={seed()}: draw {number} differs", str(one.oracle)]
    lines += [str(event) for event in one.events]
    wanted, found = worlds.wanted(one), worlds.found(one)
    return "\n".join([*lines, f"wanted: {wanted - found}", f"found: {found - wanted}"])


@pytest.mark.parametrize("salt", ["timelines 1", "timelines 2"])
def test_attempts_are_those_of_the_oracle(salt: str) -> None:
    for number, draw in enumerate(gather(funnel_draws.draws, DRAWS, salt)):
        one = worlds.drawn(number, draw)
        assert worlds.found(one) == worlds.wanted(one), report(number, one)


def test_attempts_on_few_instants_are_those_of_the_oracle() -> None:
    for number in range(seed() * CROWDED, (seed() + 1) * CROWDED):
        one = worlds.drawn(number, worlds.crowded(number))
        assert worlds.found(one) == worlds.wanted(one), report(number, one)


def test_the_crowded_draws_reach_what_they_are_for() -> None:
    seen: Counter[str] = Counter()
    for number in range(500):
        one = worlds.drawn(number, worlds.crowded(number))
        for user, part, *_, void_at, first, second in (row[:9] for row in worlds.wanted(one)):
            seen["void"] += void_at is not None
            seen["in a part"] += part is not None
            seen["deep"] += second is not None
            seen["of two users"] += user.endswith("1") and first is not None
        times = {event.at for event in one.events}
        seen["shared"] += len(times) < len(one.events)
        seen[one.oracle.order_mode] += 1
    assert len(seen) == 8, seen
    assert min(seen.values()) >= 20, seen
