"""Many drawn examples for one build.

A build takes far longer than all its figures take to compare, so the examples of a property are
gathered first, built together, and compared one by one.
"""

from __future__ import annotations

import os
from typing import Any, TypeVar

import hypothesis
from hypothesis.strategies import SearchStrategy

Example = TypeVar("Example")

_SEED = int(os.environ.get("YUNYING_TEST_SEED") or 1)


def seed() -> int:
    """The same in every run, so that one commit has one answer; YUNYING_TEST_SEED sets another."""
    return _SEED


def gather(strategy: SearchStrategy[Example], count: int, salt: str = "") -> list[Example]:
    """So many examples of a strategy; the same ones for the same seed and salt."""
    found: list[Example] = []

    @hypothesis.seed(f"{_SEED} {salt}")
    @hypothesis.settings(
        max_examples=count,
        phases=[hypothesis.Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategy)
    def keep(example: Example) -> None:
        found.append(example)

    keep()
    return found


def differences(found: dict[Any, Any], wanted: dict[Any, Any]) -> list[str]:
    """Keys on one side alone, and figures that differ."""
    lines = [f"not in the oracle: {key}: {found[key]}" for key in found.keys() - wanted.keys()]
    lines += [f"only in the oracle: {key}: {wanted[key]}" for key in wanted.keys() - found.keys()]
    for key in found.keys() & wanted.keys():
        for name, value in wanted[key].items():
            got = found[key][name]
            if got == value:
                continue
            if got is None or value is None or abs(got - value) > 1e-9 * max(1, abs(value)):
                lines.append(f"{key}, {name}: {got}, by the oracle {value}")
    return lines
