"""Worlds of the business demo, read by plain SQL over the files, and the bounds of chance."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from demo.business import plan
from demo.business.writing import TRUTH, write

Z = 3.29
"""Of a 99.9 % interval."""
SEED = 2024
SIZES = (10_000, 50_000, 200_000)
FEEDS = ("users", "consents", "contents", "merchants", "rule_violations", "feedback",
         "channel_costs", "campaign_assignments", "campaigns", "kpi_targets")  # fmt: skip

_DELIVERED = """
    create macro property(event, name) as json_extract_string(event.properties, '$.' || name);
    create table delivered as
        select * from read_parquet('{raw}/events/*/*-[0-3][0-9].parquet');
"""
_DELIVERED_OTHERWISE = """
    insert into delivered by name
        select * from read_csv('{raw}/events/*/*.csv', all_varchar = true);
    create table of_old_clients as
        select * from read_json('{raw}/events/*/*.jsonl', ignore_errors = true,
            format = 'newline_delimited', columns = {columns})
        where event_id not like 'broken%';
    insert into delivered by name select * from of_old_clients;
"""
# Events that happened, each once: a copy is received later than its original. Whoever signs up
# is the same person before it.
_EVENTS = """
    create table events as
        select *, cast(occurred_at + interval 8 hour as date) as day from delivered
        qualify row_number() over (partition by event_id order by received_at) = 1;
    create table acts as
        with people as (
            select anonymous_id, any_value(user_id) as user_id from events
            where event_name = 'signed_up' group by anonymous_id
        )
        select e.*, coalesce(e.user_id, p.user_id, 'anon:' || e.anonymous_id) as person
        from events as e left join people as p on e.anonymous_id = p.anonymous_id;
"""


@dataclass(frozen=True)
class World:
    """A business that was written, of a size."""

    folder: Path
    size: int
    is_dirty: bool = True

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @cached_property
    def truth(self) -> dict[str, Any]:
        return json.loads((self.folder / TRUTH).read_text(encoding="utf-8"))

    @property
    def drawn(self) -> dict[str, Any]:
        return self.truth["drawn"]

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(config={"threads": 1})
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(_DELIVERED.format(raw=self.raw))
        if self.is_dirty:
            columns = dict.fromkeys(connection.table("delivered").columns, "VARCHAR")
            text = str(columns | {"properties": "JSON"})
            connection.execute(_DELIVERED_OTHERWISE.format(raw=self.raw, columns=text))
        connection.execute(_EVENTS)
        for feed in filter(lambda name: (self.raw / name).is_dir(), FEEDS):
            connection.execute(
                f"create view {feed} as select * from read_parquet('{self.raw}/{feed}/*.parquet')"
            )
        return connection

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over `acts` (events with their person) and the other feeds."""
        return self._connection.execute(sql).fetchall()

    def one(self, sql: str) -> tuple[Any, ...]:
        """The one row of a query."""
        [row] = self.query(sql)
        return row


def made(folder: Path, size: int, seed: int = SEED, is_dirty: bool = True, **more: Any) -> World:
    """Write a world."""
    write(folder / "raw", size, seed, is_dirty, **more)
    return World(folder, size, is_dirty)


def wilson(count: int, total: int) -> tuple[float, float]:
    """The interval in which the rate lies, of so many in so many."""
    share, z2 = count / total, Z * Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z / (1 + z2 / total)
    half *= math.sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    return middle - half, middle + half


def holds(rate: float, count: int, total: int) -> bool:
    """May so many in so many come of this rate?"""
    low, high = wilson(count, total) if total else (0.0, 1.0)
    return low <= rate <= high


def poisson_holds(expected: float, count: int) -> bool:
    """May so many come where so many are expected? (Wilson and Hilferty's bounds.)"""
    high = (count + 1) * (1 - 1 / (9 * (count + 1)) + Z / (3 * math.sqrt(count + 1))) ** 3
    low = count * (1 - 1 / (9 * count) - Z / (3 * math.sqrt(count))) ** 3 if count else 0.0
    return low <= expected <= high


def median_holds(expected: float, values: list[float]) -> bool:
    """May the median of these be the one that is expected? (Order statistics.)"""
    values = sorted(values)
    half = Z * math.sqrt(len(values)) / 2
    low, high = math.floor(len(values) / 2 - half), math.ceil(len(values) / 2 + half)
    return (low < 1 or values[low - 1] <= expected) and (
        high >= len(values) or expected <= values[high]
    )


def campaign(campaign_id: str) -> plan.Campaign:
    """A campaign of the plan."""
    return plan.CAMPAIGNS[plan.CAMPAIGN[campaign_id]]
