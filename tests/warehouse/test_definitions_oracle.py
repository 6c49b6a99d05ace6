"""Funnels of random definitions over random users: facts and marts against an
oracle that walks each user."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.warehouse import oracles
from tests.warehouse.definitions_world import (
    ENVIRONMENT,
    draw_funnels,
    draw_world,
    feeds,
    seed,
    seeds,
)

USERS = 70
FUNNELS = 220


@dataclass(frozen=True)
class Drawn:
    """A drawn world, its definitions, and the warehouse that was built of them."""

    world: oracles.World
    funnels: list[oracles.Funnel]
    warehouse: Path

    def rows(self, table: str, key: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in support.query(self.warehouse, f"select * from {table}"):
            found.setdefault(row[key], []).append(row)
        return found


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    chance = random.Random(seed())
    world = draw_world(chance, USERS)
    funnels = draw_funnels(chance, FUNNELS)
    raw = feeds(world)
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("drawn"),
        events=raw["events"],
        feeds={"users": raw["users"]},
        seeds=seeds(funnels),
        environment=ENVIRONMENT,
    )
    return Drawn(world, funnels, warehouse)


def utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None


def differences(found: dict[Any, Any], wanted: dict[Any, Any]) -> list[str]:
    """Keys on one side alone, and figures that differ."""
    lines = [f"not in the oracle: {key}: {found[key]}" for key in found.keys() - wanted.keys()]
    lines += [f"only in the oracle: {key}: {wanted[key]}" for key in wanted.keys() - found.keys()]
    for key in found.keys() & wanted.keys():
        for name, value in wanted[key].items():
            if found[key][name] != pytest.approx(value):
                lines.append(f"{key}, {name}: {found[key][name]}, by the oracle {value}")
    return lines


def report(wrong: dict[str, list[str]], definitions: dict[str, Any]) -> str:
    """What to read when it fails: the seed, and the first definitions that differ."""
    lines = [f"YUNYING_TEST_SEED={seed()}: {len(wrong)} definitions differ"]
    for name in sorted(wrong)[:5]:
        lines += [str(definitions[name]), *wrong[name][:6]]
    return "\n".join(lines)


def test_no_drawn_definition_is_wrong(drawn: Drawn) -> None:
    rows = support.query(
        drawn.warehouse, "select * from seeds.definition_problems where severity = 'error'"
    )
    assert rows == []


def test_attempts_are_those_of_the_oracle(drawn: Drawn) -> None:
    rows = drawn.rows("facts.fct_funnel_attempts", "funnel_id")
    wrong = {}
    for funnel in drawn.funnels:
        found = Counter(
            (
                row["user_id"],
                row["is_breakdown_thread"],
                row["breakdown_value"],
                row["reached_step"],
                row["is_mature"],
                *(utc(row[f"step_{n}_at"]) for n in range(1, len(funnel.steps) + 1)),
            )
            for row in rows.get(funnel.funnel_id, [])
        )
        wanted = Counter(
            (
                attempt.user,
                attempt.thread is not None,
                attempt.value,
                len(attempt.events),
                attempt.is_mature,
                *(event.at for event in attempt.events),
                *[None] * (len(funnel.steps) - len(attempt.events)),
            )
            for attempt in oracles.attempts(drawn.world, funnel)
        )
        if found != wanted:
            wrong[funnel.funnel_id] = [
                f"not in the oracle: {list(map(str, row))}" for row in found - wanted
            ] + [f"only in the oracle: {list(map(str, row))}" for row in wanted - found]
    assert not wrong, report(wrong, {f.funnel_id: f for f in drawn.funnels})


def test_conversion_is_that_of_the_oracle(drawn: Drawn) -> None:
    rows = drawn.rows("marts.mart_funnel_conversion", "funnel_id")
    wrong = {}
    for funnel in drawn.funnels:
        found = {
            (
                row["grain"],
                row["period_start_date"],
                row["breakdown_value"],
                row["step_number"],
            ): row
            for row in rows[funnel.funnel_id]
        }
        opened = oracles.attempts(drawn.world, funnel)
        if lines := differences(found, oracles.funnel_counts(drawn.world, funnel, opened)):
            wrong[funnel.funnel_id] = lines
    assert not wrong, report(wrong, {f.funnel_id: f for f in drawn.funnels})


def test_the_draw_reaches_what_it_is_for(drawn: Drawn) -> None:
    """A world without deep attempts or immature rows would prove nothing."""
    opened = [a for f in drawn.funnels for a in oracles.attempts(drawn.world, f)]
    assert {len(attempt.events) for attempt in opened} >= {1, 2, 3}
    assert {attempt.is_mature for attempt in opened} == {True, False}
    assert any(a.events[0].at == a.events[-1].at for a in opened if len(a.events) > 2)
