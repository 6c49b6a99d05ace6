"""Funnels of every mode: facts and marts of drawn worlds against an oracle that tries all."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.warehouse import funnel_draws, funnel_oracle
from tests.warehouse.draws import differences, gather, seed

DRAWS = int(os.environ.get("YUNYING_TEST_DRAWS") or 500)


@dataclass(frozen=True)
class Built:
    """The draws, and the warehouse that was built of all of them."""

    draws: list[funnel_draws.Draw]
    warehouse: Path
    through: datetime

    def rows(self, table: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in support.query(self.warehouse, f"select * from {table}"):
            found.setdefault(row["funnel_id"], []).append(row)
        return found

    def oracle(self, number: int) -> tuple[funnel_oracle.Funnel, Any, list[funnel_oracle.Attempt]]:
        funnel = funnel_draws.funnel_of(number, self.draws[number])
        world = funnel_draws.world_of(number, self.draws[number], self.through)
        return funnel, world, funnel_oracle.attempts(world, funnel)


@pytest.fixture(scope="module", params=[DRAWS, pytest.param(2 * DRAWS, marks=pytest.mark.long)])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    drawn = gather(funnel_draws.draws, request.param, "funnels")
    return build(tmp_path_factory.mktemp("funnels"), drawn)


def build(folder: Path, drawn: list[funnel_draws.Draw]) -> Built:
    raw = funnel_draws.feeds(drawn)
    warehouse = support.build_warehouse(
        folder,
        events=raw["events"],
        feeds={"users": raw["users"]},
        seeds=funnel_draws.seeds(drawn),
        environment=funnel_draws.ENVIRONMENT,
    )
    through = max(
        datetime.fromisoformat(event["occurred_at"]) for event in raw["events"]
    ).astimezone(UTC)
    return Built(drawn, warehouse, through)


def utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None


def report(wrong: dict[int, list[str]], built: Built) -> str:
    """What to read when it fails: the seed, and the first draws that differ."""
    lines = [f"YUNYING_TEST_SEED={seed()}: {len(wrong)} of {len(built.draws)} draws differ"]
    for number in sorted(wrong, key=lambda n: len(built.draws[n].events))[:4]:
        lines += [str(number), str(built.draws[number]), *wrong[number][:6]]
    return "\n".join(lines)


def test_attempts_are_those_of_the_oracle(built: Built) -> None:
    wrong = wrong_attempts(built)
    assert not wrong, report(wrong, built)


def test_funnels_that_ask_for_little_are_searched_as_among_others(
    built: Built, tmp_path: Path
) -> None:
    """What no funnel of a warehouse asks for is left out of the search."""
    plain = [draw for draw in built.draws if asks_for_little(funnel_draws.funnel_of(0, draw))]
    alone = build(tmp_path, plain)
    assert any(len(alone.oracle(number)[2]) > 1 for number in range(len(plain)))
    wrong = wrong_attempts(alone)
    assert not wrong, report(wrong, alone)


def asks_for_little(funnel: funnel_oracle.Funnel) -> bool:
    """Steps in order by names alone, counted by users, in one part."""
    return (
        funnel.order_mode == "ordered"
        and funnel.count_by == "users"
        and not (funnel.breakdown or funnel.hold_constant)
        and not (funnel.exclusions or funnel.conditions)
        and all(
            step.side.names and not (step.side.conditions or step.side.first_time)
            and not (step.is_optional or step.least is not None or step.most is not None)
            for step in funnel.steps
        )
    )  # fmt: skip


def wrong_attempts(built: Built) -> dict[int, list[str]]:
    """Draws whose attempts are others than the oracle's, and how."""
    rows = built.rows("facts.fct_funnel_attempts")
    wrong = {}
    for number in range(len(built.draws)):
        funnel, _, opened = built.oracle(number)
        found = Counter(
            (
                row["user_id"],
                row["attempt_number"],
                row["is_breakdown_thread"],
                row["breakdown_value"],
                row["reached_step"],
                row["is_void"],
                utc(row["void_at"]),
                row["is_mature"],
                *(utc(row[f"step_{n}_at"]) for n in range(1, len(funnel.steps) + 1)),
            )
            for row in rows.get(funnel.funnel_id, [])
        )
        wanted = Counter(
            (
                attempt.user,
                attempt.number,
                attempt.thread is not None,
                attempt.value,
                attempt.furthest,
                attempt.void_at is not None,
                attempt.void_at,
                attempt.is_mature,
                *(
                    attempt.served[n].at if n in attempt.served else None
                    for n in range(1, len(funnel.steps) + 1)
                ),
            )
            for attempt in opened
        )
        if found != wanted:
            wrong[number] = [
                f"not in the oracle: {list(map(str, row))}" for row in found - wanted
            ] + [f"only in the oracle: {list(map(str, row))}" for row in wanted - found]
    return wrong


def test_conversion_is_that_of_the_oracle(built: Built) -> None:
    rows = built.rows("marts.mart_funnel_conversion")
    wrong = {}
    for number in range(len(built.draws)):
        funnel, world, opened = built.oracle(number)
        found = {
            (
                row["grain"],
                row["period_start_date"],
                row["breakdown_value"],
                row["step_number"],
            ): row
            for row in rows[funnel.funnel_id]
        }
        if lines := differences(found, funnel_oracle.funnel_counts(world, funnel, opened)):
            wrong[number] = lines
    assert not wrong, report(wrong, built)


def test_the_draws_reach_what_they_are_for(built: Built) -> None:
    """Draws without deep, void, skipped or tied attempts would prove nothing."""
    seen: Counter[str] = Counter()
    for number in range(len(built.draws)):
        funnel, _, opened = built.oracle(number)
        for attempt in opened:
            seen[f"{funnel.order_mode} {min(len(attempt.served), 3)}"] += 1
            seen["void"] += attempt.void_at is not None
            seen["skipped"] += len(attempt.served) < attempt.furthest
            seen["mature"] += attempt.is_mature
            seen["open"] += not attempt.is_mature
            times = [event.at for event in attempt.served.values()]
            seen["tied"] += len(set(times)) < len(times)
    wanted = {f"{mode} {depth}" for mode in ("ordered", "strict", "any") for depth in (1, 2, 3)}
    wanted |= {"void", "skipped", "mature", "open", "tied"}
    assert all(seen[name] >= 3 for name in wanted), seen
