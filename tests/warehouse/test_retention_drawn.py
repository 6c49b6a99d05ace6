"""Retention of thousands of drawn definitions over drawn users: facts and marts against an oracle
that walks each user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.warehouse import retention_oracle
from tests.warehouse.drawn_retentions import Drawn, Setting, draw_worlds, feeds, seeds, world_of
from tests.warehouse.draws import differences, seed
from tests.warehouse.oracles import World
from tests.warehouse.retention_oracle import Member, Retention

# Half an hour off the full hours, and its clock changes on 10 March 2024.
SETTINGS = {
    "plain": (Setting("UTC", "monday"), 200),
    "local": (Setting("America/St_Johns", "sunday"), 150),
    "many": (Setting("UTC", "monday"), 500),
}
PARAMETERS = ["plain", "local", pytest.param("many", marks=pytest.mark.long)]


@dataclass(frozen=True)
class Built:
    """Draws, the warehouse that was built of them, and what the oracle makes of each."""

    worlds: list[Drawn]
    warehouse: Path
    members: Mapping[str, tuple[World, Retention, list[Member]]]

    def rows(self, table: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in support.query(self.warehouse, f"select * from {table}"):
            found.setdefault(row["retention_id"], []).append(row)
        return found


def walked(setting: Setting, worlds: list[Drawn]) -> Iterator[tuple[World, Retention]]:
    """Each definition with the part of the world that it can see."""
    people = {user: row for drawn in worlds for user, row in drawn.people.items()}
    whole = world_of(setting, [event for drawn in worlds for event in drawn.events], people)
    starts = {unit: whole.starts(unit) for unit in ("hour", "day", "week", "month")}
    for drawn in worlds:
        part = World(
            drawn.events,
            people,
            whole.zone,
            whole.week_starts_on,
            whole.silent,
            whole.through,
            starts,
        )
        for retention in drawn.retentions:
            yield part if retention.cohort.names else whole, retention


@pytest.fixture(scope="module", params=PARAMETERS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    setting, count = SETTINGS[request.param]
    worlds = draw_worlds(setting, count)
    raw = feeds(worlds)
    warehouse = support.build_warehouse(
        tmp_path_factory.mktemp("drawn"),
        events=raw["events"],
        feeds={"users": raw["users"]},
        seeds=seeds(worlds, setting),
        environment=setting.environment,
        select="+mart_retention_cohorts +fct_retention_returns",
    )
    members = {
        retention.retention_id: (world, retention, retention_oracle.members(world, retention))
        for world, retention in walked(setting, worlds)
    }
    return Built(worlds, warehouse, members)


def utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at else None


def report(wrong: Mapping[str, list[str]], built: Built) -> str:
    """What to read when it fails: the seed, and the first definitions that differ."""
    lines = [f"YUNYING_TEST_SEED={seed()}: {len(wrong)} of {len(built.members)} differ"]
    for name in sorted(wrong, key=lambda name: len(wrong[name]))[:3]:
        lines += [str(built.members[name][1]), *wrong[name][:6]]
    return "\n".join(lines)


def test_there_are_many_members(built: Built) -> None:
    assert len(built.members) == 4 * len(built.worlds) > 500


def test_returns_are_those_of_the_oracle(built: Built) -> None:
    rows = built.rows("facts.fct_retention_returns")
    wrong = {}
    for name, (world, retention, members) in built.members.items():
        starts = world.starts(retention.cohort_granularity)
        is_valued = bool(retention.value_property)
        found = {
            (
                row["user_id"],
                utc(row["cohort_start_at"]),
                row["breakdown_value"],
                row["period_number"],
                row["is_mature"],
                row["returned_value_sum"],
                *(
                    (row["has_same_value"], is_valued and row["same_value_returned_sum"])
                    if retention.breakdown and row["has_same_value"]
                    else ()
                ),
            )
            for row in rows.get(name, [])
        }
        wanted = {
            (
                member.user,
                starts[member.cohort],
                member.value,
                number,
                number in member.ripe_cells,
                member.sums[number] if is_valued else None,
                *(
                    (True, is_valued and member.sums_with_value[number])
                    if retention.breakdown and number in member.returned_with_value
                    else ()
                ),
            )
            for member in members
            for number in member.returned
        }
        if found != wanted:
            wrong[name] = [
                f"not in the oracle: {list(map(str, row))}" for row in found - wanted
            ] + [f"only in the oracle: {list(map(str, row))}" for row in wanted - found]
    assert not wrong, report(wrong, built)


def test_cohorts_are_those_of_the_oracle(built: Built) -> None:
    rows = built.rows("marts.mart_retention_cohorts")
    wrong = {}
    for name, (world, retention, members) in built.members.items():
        found = {
            (utc(row["cohort_start_at"]), row["breakdown_value"], row["period_number"]): row
            for row in rows[name]
        }
        wanted = retention_oracle.retention_counts(world, retention, members)
        if not retention.value_property:
            for figures in wanted.values():
                figures |= dict.fromkeys(
                    ("returned_value_sum", "mature_returned_value_sum", "returned_value_mean")
                )
        if lines := differences(found, wanted):
            wrong[name] = lines
    assert not wrong, report(wrong, built)


def test_the_draw_reaches_what_it_is_for(built: Built) -> None:
    """A world without returns, sums or immature rows would prove nothing."""
    retentions = [retention for _, retention, _ in built.members.values()]
    members = [member for *_, joined in built.members.values() for member in joined]
    assert sum(len(member.returned) > 1 for member in members) > 50
    assert sum(len(member.ripe_cells) < 2 for member in members) > 20
    assert sum(any(member.sums.values()) for member in members) > 30
    assert sum(not retention.cohort.names for retention in retentions) > 10
    for modes in (
        {r.cohort_mode for r in retentions if r.brackets},
        {r.cohort_mode for r in retentions if r.breakdown},
        {r.cohort_mode for r in retentions if r.window_mode == "rolling"},
    ):
        assert len(modes) == 3
