"""Effects of removal, of one inverse, against chains from which each channel is taken out."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from tests.support import python_step
from tests.warehouse.draws import seed

Steps = list[tuple[str, str, int]]


@pytest.fixture(scope="module")
def model() -> Any:
    return python_step("channel/step_attribution_removals")


def conversion_probability(steps: Steps, without: str = "") -> float:
    """From the start, by the linear system of all states; what enters `without` is lost."""
    states = sorted({source for source, _, _ in steps})
    place = {state: number for number, state in enumerate(states)}
    leaving = {state: sum(n for source, _, n in steps if source == state) for state in states}
    system, converting = np.eye(len(states)), np.zeros(len(states))
    for source, target, count in steps:
        rate = count / leaving[source]
        if target == "(conversion)":
            converting[place[source]] += rate
        elif target not in ("(null)", without):
            system[place[source], place[target]] -= rate
    return float(np.linalg.solve(system, converting)[place["(start)"]])


@pytest.mark.parametrize("channel_count", [1, 2, 7, 30])
def test_effects_are_those_of_chains_without_the_channel(model: Any, channel_count: int) -> None:
    draw = Random(f"markov {seed()} {channel_count}")
    channels = [f"c{number:02d}" for number in range(channel_count)]
    counts: dict[tuple[str, str], int] = {("(start)", channels[-1]): 1}
    for channel in channels:
        for source, target in (
            ("(start)", channel), (channel, draw.choice(channels)),
            (channel, draw.choice(channels)), (channel, "(null)"), (channel, "(conversion)"),
        ):  # fmt: skip
            counts[source, target] = counts.get((source, target), 0) + draw.randrange(1, 9)
    steps = [(source, target, count) for (source, target), count in counts.items()]
    whole = conversion_probability(steps)
    effects = model.removal_effects(sorted(steps))
    assert sorted(effects) == channels
    for channel, effect in effects.items():
        assert effect == pytest.approx(1 - conversion_probability(steps, channel) / whole, abs=1e-9)


def test_a_channel_that_never_converts_is_missed_by_nobody(model: Any) -> None:
    steps = [("(start)", "a", 1), ("(start)", "b", 1), ("a", "(conversion)", 1), ("b", "(null)", 1)]
    assert model.removal_effects(steps) == {"a": 1, "b": 0}
