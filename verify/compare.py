"""Two warehouses, table by table: which rows of facts and marts stand in one of them alone?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

SCHEMAS = ("facts", "marts")
SHOWN_ROWS = 3
BUILD_TIME_COLUMNS = frozenset({"build_id", "built_at"})
"""Columns that say when a row was made: apart, when a build is compared with another."""
NUMBER_COLUMNS = frozenset({"user_number", "event_code"})
"""Columns of numbers that stand for something within one warehouse: never compared with another."""
PROVENANCE_COLUMNS = frozenset(
    {"source_file", "row_number", "load_id", "loaded_at", "first_loaded_at"}
)
"""Columns that say which load brought a row: apart, when files were loaded in other ways."""


@dataclass(frozen=True)
class Difference:
    """A table that differs: rows on one side alone, and the first of them."""

    table: str
    left_rows: int
    right_rows: int
    left_sample: tuple[str, ...]
    right_sample: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.table}: {self.left_rows} rows here alone, {self.right_rows} there alone"]
        lines += [f"  here:  {row}" for row in self.left_sample]
        lines += [f"  there: {row}" for row in self.right_sample]
        return "\n".join(lines)


@dataclass(frozen=True)
class Comparison:
    """What was compared, and what differs."""

    tables: int
    rows: int
    differences: tuple[Difference, ...]


def compare(
    left: Path,
    right: Path,
    apart: Collection[str] = (),
    histories: Collection[str] = (),
    *,
    is_part: bool = False,
) -> Comparison:
    """Compare every table of facts and marts, both ways, a row as often as it stands.

    `apart` are columns that are not compared, `histories` the tables that are of builds, not
    of raw rows. With `is_part` the left one may have fewer tables.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as left_one (read_only)")
        connection.execute(f"attach '{right}' as right_one (read_only)")
        connection.execute("set TimeZone = 'UTC'")
        ours, theirs = (_tables(connection, side) for side in ("left_one", "right_one"))
        found = [
            Difference(name, int(name in ours), int(name in theirs), (), ())
            for name in sorted(
                ours.keys() - theirs.keys() if is_part else ours.keys() ^ theirs.keys()
            )
        ]
        apart = {*apart, *NUMBER_COLUMNS}
        rows = 0
        names = sorted(ours.keys() & theirs.keys() - set(histories))
        for name in names:
            columns = [column for column in ours[name] if column not in apart]
            if [column for column in theirs[name] if column not in apart] != columns:
                found.append(Difference(name, 0, 0, tuple(ours[name]), tuple(theirs[name])))
                continue
            rows += _count(connection, f"left_one.{name}")
            difference = _difference(connection, name, columns)
            if difference is not None:
                found.append(difference)
    return Comparison(len(names), rows, tuple(found))


def histories(manifest: Mapping[str, Any]) -> set[str]:
    """Tables that tell of builds, such as what was restated when: `meta: {history_of_builds: …}`.

    No rebuild can give them, and none is asked to. So is what tells of files: the same rows
    may come in others.
    """
    return {
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["meta"].get("history_of_builds")
    }


def _tables(connection: duckdb.DuckDBPyConnection, side: str) -> dict[str, list[str]]:
    rows = connection.execute(
        "select schema_name || '.' || table_name, list(column_name order by column_name)"
        " from duckdb_columns() inner join duckdb_tables()"
        " using (database_name, schema_name, table_name)"
        " where database_name = ? and schema_name in (select unnest(?)) group by all",
        [side, list(SCHEMAS)],
    ).fetchall()
    return dict(rows)


def _difference(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]
) -> Difference | None:
    listed = ", ".join(f'"{column}"' for column in columns)
    counts, samples = [], []
    for one, other in (("left_one", "right_one"), ("right_one", "left_one")):
        connection.execute(
            "create or replace temp table alone as "
            f"select {listed} from {one}.{table} except all select {listed} from {other}.{table}"
        )
        counts.append(_count(connection, "alone"))
        cursor = connection.execute(f"select * from alone order by all limit {SHOWN_ROWS}")
        samples.append(
            tuple(
                ", ".join(f"{c}={v}" for c, v in zip(columns, row, strict=True) if v is not None)
                for row in cursor.fetchall()
            )
        )
    return Difference(table, *counts, *samples) if any(counts) else None


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0
