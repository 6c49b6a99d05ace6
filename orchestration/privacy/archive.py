"""What stays when raw rows expire: the schema `archive`, which every rebuild reads beside raw.

Its tables are dbt models (`models/archive`), which read the facts as the last whole build left
them and what was archived before. An expiry has dbt write them into `archive_next`, and puts them
into the place of the archive in the transaction that moves its cut-offs: whoever is killed leaves
the old archive or the new one. Rows of a definition that says something else by now are left
behind: who reads an archive does not see them.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.ingest.definitions.cells import spelled
from orchestration.ingest.definitions.schema import BY_NAME
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.store import kept_tables
from orchestration.store.sql import insert_many, literal, quote, value
from orchestration.store.warehouse import WarehouseError
from orchestration.transform.dbt_runs import (
    ARCHIVE,
    dbt_environment,
    dbt_of_a_build,
    load_manifest,
    target_dir,
)

NEXT = "archive_next"
DEFINITIONS = "archive.arc_definitions"
"""What each definition said when its rows were archived, and says now."""
# Columns of definitions that change what is shown and not what is counted.
_SHOWN = frozenset(
    {"label_en", "label_zh", "breakdown_limit", "item_limit", "sequence_limit", "time_bins",
     "is_cumulative", "new_by"}
)  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """Where the archive of events ends: an instant at which a day of the reporting zone begins.

    `paths_from_at` is later: a path that hangs on an earlier anchor is archived whole.
    """

    at: datetime
    day: date
    paths_from_at: datetime


def models() -> dict[str, Mapping[str, Any]]:
    """The dbt models that write the archive, by the name of their table."""
    return {
        node["name"]: node
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == NEXT
    }


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of the archive where they are missing, and leave nothing of a next one."""
    connection.begin()
    connection.execute("create schema if not exists archive")
    for name, model in models().items():
        columns = (f"{column} {each['data_type']}" for column, each in model["columns"].items())
        connection.execute(f"create table if not exists archive.{name} ({', '.join(columns)})")
    connection.execute(
        f"create table if not exists {DEFINITIONS} (definition varchar, definition_id varchar, "
        "archived_hash varchar, present_hash varchar)"
    )
    _move_out_of_raw(connection)
    _clear_next(connection)
    connection.commit()


def prepare(connection: duckdb.DuckDBPyConnection, cut: Cut) -> None:
    """Say where the next archive ends."""
    connection.execute(
        f"insert into {NEXT}.cut values "
        f"({value(cut.at)}, date '{cut.day.isoformat()}', {value(cut.paths_from_at)})"
    )


def write_next(settings: Settings) -> None:
    """Have dbt write the next archive, and test it. Nothing else may hold the warehouse.

    The facts must be those of a whole build, and raw must still have the rows after the cut
    before. Raises `WarehouseError` with what dbt says when it fails.
    """
    result = subprocess.run(
        [dbt_of_a_build(), "--quiet", "--log-level-file=none", "--no-write-json", "build",
         "--select", ARCHIVE, f"--target-path={target_dir()}"],
        cwd=DBT_PROJECT_DIR,
        env={**os.environ, **dbt_environment(settings)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if result.returncode != 0:
        said = result.stdout.strip() or f"dbt ended with {result.returncode}."
        raise WarehouseError(
            "Nothing expires, because its archive cannot be written. Mend what dbt says, or take "
            f"the row of events out of data_retention.csv until then. {said}"
        )


def swap(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the next archive into the place of the one that stands. Call it inside a transaction."""
    for name in models():
        connection.execute(f"create or replace table archive.{name} as from {NEXT}.{name}")
    _clear_next(connection)
    connection.execute(f"delete from {DEFINITIONS}")
    insert_many(
        connection,
        DEFINITIONS,
        [(*key, digest, digest) for key, digest in _hashes(connection).items()],
    )


def _move_out_of_raw(connection: duckdb.DuckDBPyConnection) -> None:
    """Warehouses of before have the archive in `raw`; tables of feeds have loads."""
    found = connection.execute(
        "select table_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = 'raw' and table_name like 'archived_%' "
        "group by table_name having not bool_or(column_name = 'load_id')"
    ).fetchall()
    for (old,) in found:
        connection.execute(f"insert into archive.{_renamed(old)} by name from raw.{old}")
        connection.execute(f"drop table raw.{old}")


def _renamed(name: str) -> str:
    return name.replace("archived_", "arc_", 1)


def _clear_next(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave `archive_next` with no cut: a model that is built by hand then archives nothing."""
    connection.execute(f"drop schema if exists {NEXT} cascade")
    connection.execute(f"create schema {NEXT}")
    connection.execute(
        f"create table {NEXT}.cut (cutoff_at timestamp, cutoff_date date, paths_from_at timestamp)"
    )


def look_at_definitions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Note what the definitions say now; a sentence for each that the archive no longer fits."""
    if not connection.execute(f"select 1 from {DEFINITIONS} limit 1").fetchone():
        return []
    present = _hashes(connection)
    archived = connection.execute(
        "select definition, definition_id, archived_hash, present_hash "
        f"from {DEFINITIONS} order by all"
    ).fetchall()
    told = []
    for definition, name, then, before in archived:
        now = present.get((definition, name), "")
        if now != before:
            connection.execute(
                f"update {DEFINITIONS} set present_hash = {literal(now)} "
                f"where definition = {literal(definition)} and definition_id = {literal(name)}"
            )
        if now != then and now:
            told.append(
                f"The {definition} {name} says something else than when raw rows expired: it "
                "counts from the rows that are left. Its history comes back when it says again "
                "what it said, until more rows expire."
            )
    return told


def keep(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write the archive once more beside the warehouse, for the day on which that is lost."""
    kept_tables.write(connection, kept_dir(settings), _kept())


def recall(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Read the kept copy into a warehouse that was made anew."""
    folder = kept_dir(settings)
    if not folder.is_dir() or connection.execute("select 1 from raw.expiries limit 1").fetchone():
        return
    for path in folder.glob("archived_*.parquet"):
        path.rename(path.with_name(_renamed(path.name)))
    kept_tables.read(connection, folder, _kept())


def _kept() -> tuple[str, ...]:
    archives = (f"archive.{name}" for name in models())
    return (*archives, DEFINITIONS, "raw.expiries", "raw.horizon_floors")


def kept_dir(settings: Settings) -> Path:
    """The archive once more, beside the warehouse."""
    return settings.warehouse.with_name(settings.warehouse.name + ".archive")


def forget_people(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete what is archived of those whose ids stand in the temporary table `names`."""
    for name, model in models().items():
        if "user_id" in model["columns"]:
            connection.execute(
                f"delete from archive.{name} where user_id in (select id from names)"
            )


def _hashes(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """A hash of what each definition says, by its kind and id."""
    texts: dict[tuple[str, str], list[object]] = {("activity", "any"): []}
    for kind, file, column in (
        ("activity", "activities", "activity_id"),
        ("stickiness", "stickiness", "stickiness_id"),
        ("funnel", "funnels", "funnel_id"),
        ("funnel", "funnel_steps", "funnel_id"),
        ("retention", "retentions", "retention_id"),
        ("path", "paths", "path_id"),
    ):
        for row in _rows(connection, file):
            texts.setdefault((kind, row[column] or ""), []).append([file, row])
    for row in _rows(connection, "filters"):
        key = (row["definition"] or "", row["definition_id"] or "")
        texts.setdefault(key, []).append(row)
    texts[("activity", "any")] = []
    # A stickiness counts an activity: it says what that says.
    for (kind, _), said in [*texts.items()]:
        if kind == "stickiness":
            activity = said[0][1]["activity_id"]  # type: ignore[index]
            said.append(texts.get(("activity", activity or "any"), []))
    return {
        key: hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        for key, said in texts.items()
    }


def _rows(connection: duckdb.DuckDBPyConnection, file: str) -> Iterator[dict[str, str | None]]:
    """The rows of a definition file in their order, without what only shows."""
    columns = [column for column in BY_NAME[file].fields if column.name not in _SHOWN]
    listed = ", ".join(quote(column.name) for column in columns)
    for row in connection.execute(
        f'select {listed} from seeds."{file}" order by row_number'
    ).fetchall():
        # A default says the same whether it is written or not.
        yield {
            column.name: None if cell is None or cell == column.default else spelled(cell)
            for column, cell in zip(columns, row, strict=True)
        }
