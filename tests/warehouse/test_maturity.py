"""Promise 3: what is mature does not move. Each table at an earlier horizon, against the same
files and seeds now."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.transform.dbt_runs import load_manifest
from tests import support
from tests.warehouse.draws import seed
from tests.warehouse.users_world import build, ripening, world

TABLES = (
    *(f"marts.{name}" for name in ripening()),
    "facts.fct_retention_returns",
    "facts.fct_funnel_attempts",
)


def horizon(name: str) -> str:
    """`plain`: a drawn midnight of the zone, when a day has just closed. `local`: the instant of
    a drawn event."""
    chance = random.Random(f"{seed()} horizon")
    if name == "plain":
        at = datetime(2023, 10, 1, tzinfo=UTC) + timedelta(days=chance.randrange(200))
    else:
        events = world(name).events
        at = chance.choice(events[len(events) // 3 : -len(events) // 10])["occurred_at"]
    return at.isoformat()


@pytest.mark.parametrize("name", [pytest.param("plain", marks=pytest.mark.long), "local"])
@pytest.mark.parametrize("table", TABLES)
def test_what_was_mature_has_the_values_that_it_has_now(name: str, table: str) -> None:
    at = horizon(name)
    columns = ", ".join(that_ripen(table))
    early = rows(build(name, at), f"select {columns} from {table} where is_mature")
    now = rows(build(name), f"select {columns} from {table}")
    assert early, f"{table} has no mature row at {at}"
    moved = early - now
    assert not moved, (
        f"YUNYING_TEST_SEED={seed()}: {moved.total()} of {early.total()} ripe rows of {table} "
        f"at {at} moved: {list(moved)[:3]}"
    )


def that_ripen(table: str) -> list[str]:
    """Columns but those that go on growing, in all rows or in some, as their descriptions say."""
    nodes = load_manifest()["nodes"].values()
    [node] = (n for n in nodes if f"{n['schema']}.{n['alias']}" == table)
    so_far = {
        name: of.get("config", {}).get("meta", {}).get("so_far")
        for name, of in node["columns"].items()
    }
    return [
        f"case when {rows} is not null then {name} end" if isinstance(rows, str) else name
        for name, rows in so_far.items()
        if rows is not True
    ]


def rows(warehouse: Path, sql: str) -> Counter[str]:
    return Counter(repr(row) for row in support.query(warehouse, sql))
