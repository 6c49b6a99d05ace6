"""What stays when raw rows expire: the schema `archive`, which every rebuild reads beside raw.

Its tables are dbt models (`models/archive`), which read the facts as the last whole build left
them and what was archived before. An expiry has dbt write them into `archive_next`, and puts them
into the place of the archive in the transaction that moves its cut-offs: whoever is killed leaves
the old archive or the new one. Rows of a definition that says something else by now are left
behind: who reads an archive does not see them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from orchestration.ingest.definitions.hashes import definition_hashes
from orchestration.project import DBT_PROJECT_DIR, Settings
from orchestration.store import audience_lists, kept_tables
from orchestration.store.sql import insert_many, literal, value
from orchestration.store.warehouse import WarehouseError
from orchestration.transform.dbt_runs import (
    ARCHIVE,
    dbt_environment,
    dbt_of_a_build,
    load_manifest,
    target_dir,
)

NEXT = "archive_next"
kept_dir = kept_tables.archive_dir
DEFINITIONS = "archive.arc_definitions"
"""What each definition said when its rows were archived, and says now."""


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
        columns = [f"{column} {each['data_type']}" for column, each in model["columns"].items()]
        connection.execute(f"create table if not exists archive.{name} ({', '.join(columns)})")
        for column in columns:  # of an archive of before
            connection.execute(f"alter table archive.{name} add column if not exists {column}")
    connection.execute(
        f"create table if not exists {DEFINITIONS} (definition varchar, definition_id varchar, "
        "archived_hash varchar, present_hash varchar)"
    )
    audience_lists.create_tables(connection)
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
        [(*key, digest, digest) for key, digest in definition_hashes(connection).items()],
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
    present = definition_hashes(connection)
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
    is_new = not any(
        connection.execute(f"select 1 from {table} limit 1").fetchone()
        for table in ("raw.expiries", audience_lists.EXPORTS)
    )
    if not folder.is_dir() or not is_new:
        return
    for path in folder.glob("archived_*.parquet"):
        path.rename(path.with_name(_renamed(path.name)))
    kept_tables.read(connection, folder, _kept())


def _kept() -> tuple[str, ...]:
    archives = (f"archive.{name}" for name in models())
    return (*archives, DEFINITIONS, *audience_lists.TABLES, "raw.expiries", "raw.horizon_floors")


def forget_people(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete what is archived of those whose ids stand in the temporary table `names`. What others
    did has been counted of them, and stays; whom it names is forgotten."""
    connection.execute(
        f"delete from {audience_lists.MEMBERS} where user_id in (select id from names)"
    )
    for name, model in models().items():
        if "user_id" in model["columns"]:
            connection.execute(
                f"delete from archive.{name} where user_id in (select id from names)"
            )
        if "inviter_id" in model["columns"]:
            connection.execute(
                f"update archive.{name} set inviter_id = null "
                "where inviter_id in (select id from names)"
            )
