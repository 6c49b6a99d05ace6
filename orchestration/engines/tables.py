"""The tables that the last whole build on Spark left: where their files lie, and which they are.

Each build writes into a folder of its own, and reads what stands where it lies. It takes its place
when it is whole, in the transaction that has the warehouse show it; one that broke off leaves
nothing to go on from, and the next begins from the same tables.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from orchestration.project import Settings
from orchestration.store.sql import insert_many, literal, quote

_BUILDS = "builds"
_LOCAL = "file:"
_OF_DUCKDB = {"string": "varchar"}
_RECORD = """
    create table if not exists raw.spark_tables (
        schema_name varchar not null,
        table_name varchar not null,
        columns varchar not null,
        folder varchar not null,
        files varchar not null
    )
"""
Name = tuple[str, str]
"""Of a table: its schema, and its own."""


@dataclass(frozen=True)
class Table:
    """Its columns as Spark declares them, and its files: names and sizes."""

    columns: str
    folder: Path
    files: str


def new_folder(settings: Settings) -> Path:
    """Where a build writes its tables, `schema/table` by `schema/table`."""
    folder = settings.spark_dir / _BUILDS / uuid4().hex
    folder.mkdir(parents=True)
    return folder


def location(path: Path | str) -> str:
    """A path as Spark is told it: by itself it would mean one of the cluster's own file system."""
    return f"{_LOCAL}{path}"


def path_of(location: str) -> Path | None:
    """Of what Spark tells, the path; None: what lies there is no file that we see."""
    path = location.removeprefix(_LOCAL)
    return Path(path) if path.startswith("/") else None


@dataclass(frozen=True)
class Described:
    """What Spark's catalog tells of a table or a view: its columns with Spark's types, and where
    its files lie; None of a view, and of files that we do not see."""

    columns: Mapping[str, str]
    is_view: bool
    folder: Path | None

    @property
    def declared(self) -> str:
        """Its columns as a statement declares them."""
        return ", ".join(f"`{name}` {kind}" for name, kind in self.columns.items())


def described(cursor: Any, table: str) -> Described:
    """Ask the catalog."""
    cursor.execute(f"describe table extended {table}")
    told = cursor.fetchall()
    end = next(place for place, (name, *_) in enumerate(told) if not name or name[0] == "#")
    details = {name: text for name, text, *_ in told[end:]}
    return Described(
        {name: kind for name, kind, *_ in told[:end]},
        details["Type"] == "VIEW",
        path_of(details.get("Location", "")),
    )


def rows_in(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    columns: Mapping[str, str],
    types: Mapping[str, str | None],
) -> str:
    """DuckDB's query of a table's files, in types of its own; what they do not say, as it is.

    `columns` are the table's, with Spark's types: a table without a row may have no file.
    """
    if not any(folder.glob("*.parquet")):
        nothing = []
        for name, kind in columns.items():
            kind = types.get(name) or _OF_DUCKDB.get(kind, kind)
            nothing.append(f"cast(null as {kind}) as {quote(name)}")
        return f"select {', '.join(nothing)} where false"
    files = f"read_parquet({literal(str(folder / '*.parquet'))})"
    chosen = []
    for name, kind, *_ in connection.execute(f"describe from {files}").fetchall():
        column = quote(name)
        if kind == "TIMESTAMP WITH TIME ZONE":
            column = f"timezone('UTC', {column})"
        if types.get(name):
            column = f"cast({column} as {types[name]})"
        chosen.append(f"{column} as {quote(name)}")
    return f"select {', '.join(chosen)} from {files}"


def written(settings: Settings) -> set[Path]:
    """The folders of tables that builds have made, or begun."""
    return {*(settings.spark_dir / _BUILDS).glob("*/*/*")}


def files_in(folder: Path) -> str:
    """What tells whether anybody wrote there since: Spark gives each file a name of its own."""
    return " ".join(
        f"{path.name}:{path.stat().st_size}" for path in sorted(folder.glob("*.parquet"))
    )


def standing(connection: duckdb.DuckDBPyConnection) -> dict[Name, Table]:
    """The tables of the last whole build; none where anybody else wrote into one of them."""
    return {} if altered(connection) else _noted(connection)


def altered(connection: duckdb.DuckDBPyConnection) -> str | None:
    """That somebody else wrote into a table that stands, in a sentence; None: nobody did."""
    for name, table in _noted(connection).items():
        if files_in(table.folder) != table.files:
            return (
                f"another tool wrote into {'.'.join(name)}, or took files away ({table.folder}): "
                "have it write nothing below YUNYING_SPARK_DIR"
            )
    return None


def _noted(connection: duckdb.DuckDBPyConnection) -> dict[Name, Table]:
    connection.execute(_RECORD)
    return {
        (schema, name): Table(columns, Path(folder), files)
        for schema, name, columns, folder, files in connection.execute(
            "from raw.spark_tables order by all"
        ).fetchall()
    }


def note(connection: duckdb.DuckDBPyConnection, tables: Mapping[Name, Table]) -> None:
    """Say what stands, in the place of what stood."""
    connection.execute(_RECORD)
    connection.execute("delete from raw.spark_tables")
    rows = [(*name, each.columns, str(each.folder), each.files) for name, each in tables.items()]
    insert_many(connection, "raw.spark_tables", rows)


def forget(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Take away all that builds left: the next makes it anew. Readers have what is published."""
    connection.execute("begin")
    # As it stands in their text: no other folder whose name begins or ends so.
    builds = literal(f"{settings.spark_dir / _BUILDS}/").removesuffix("'")
    for view in connection.execute(
        f"select schema_name, view_name from duckdb_views() where contains(sql, {literal(builds)})"
    ).fetchall():
        connection.execute(f"drop view {quote(*view)}")
    note(connection, {})
    connection.execute("commit")
    keep(settings, ())


def keep(settings: Settings, folders: Collection[Path]) -> None:
    """Take away the files of all other tables."""
    for table in written(settings) - {*folders}:
        shutil.rmtree(table)
    for build in (settings.spark_dir / _BUILDS).glob("*"):
        if not any(build.glob("*/*")):
            shutil.rmtree(build)
