"""A build on Spark: what was ingested goes there, and what dbt makes of it comes back.

Ledger, definitions and raw rows stay in the warehouse, which needs transactions for them; of the
tables that Spark makes it has views.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
from pyarrow import parquet

from orchestration.engines import tables
from orchestration.engines.spark import Asking, SparkError
from orchestration.ingest.feeds import FEEDS_BY_NAME
from orchestration.project import Settings
from orchestration.store import attempts
from orchestration.store.sql import literal, quote
from orchestration.transform.dbt_runs import load_manifest

GIVEN = ("raw", "seeds", "archive")
"""Schemas with tables that Spark is given; it makes all others."""
_GIVEN = "given"
_UNFINISHED = "_unfinished"


def begin(
    connection: duckdb.DuckDBPyConnection, settings: Settings, arguments: Collection[str]
) -> tuple[dict[tables.Name, tables.Table], frozenset[str]]:
    """Give Spark what was ingested; return the tables that stand, and what dbt leaves out.

    A table that stands may be left out; a view is nowhere before a build has made it. A build of
    everything begins with nothing, unless it goes on behind one that was whole.
    """
    stands = tables.standing(connection)
    plan = os.environ.get("BUILD_PLAN")
    asked = json.loads(Path(plan).read_bytes())["left_out"] if plan else []
    nodes = load_manifest()["nodes"]
    models = {name for name in asked if nodes[name]["resource_type"] == "model"}
    left = {name for name in models if (nodes[name]["schema"], nodes[name]["alias"]) in stands}
    if "--full-refresh" in arguments and not left:
        tables.forget(connection, settings)
        stands = {}
    export(connection, settings)
    return stands, frozenset({*asked} - (models - left))


def export(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write the tables that no model makes as files that all workers see; of feeds, the rows of
    files that were not loaded when they were written last."""
    models = {
        (node["schema"], node["alias"])
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model"
    }
    given = {
        settings.spark_dir / _GIVEN / schema / name: (schema, name)
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            f" where not internal and schema_name in {GIVEN} order by all"
        ).fetchall()
        if (schema, name) not in models
    }
    for folder in (settings.spark_dir / _GIVEN).glob("*/*"):
        if folder not in given:
            shutil.rmtree(folder)
    for folder, (schema, name) in given.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _UNFINISHED).unlink(missing_ok=True)
        if schema == "raw" and name in FEEDS_BY_NAME:
            _add_loads(connection, quote(schema, name), folder)
        else:
            _write(connection, f"from {quote(schema, name)}", folder / "rows.parquet")


def _add_loads(connection: duckdb.DuckDBPyConnection, table: str, folder: Path) -> None:
    """Write the loads that no file of the folder has, and take away files with rows that left."""
    there = _loads(connection, table)
    written: set[tuple[object, ...]] = set()
    for file in sorted(folder.glob("*.parquet")):
        rows = f"read_parquet({literal(str(file))})"
        is_alike = _described(connection, rows) == _described(connection, table)
        if is_alike and (loads := _loads(connection, rows)) <= there:
            written |= loads
        else:
            file.unlink()
    if (missing := there - written) or not written:
        # A load has one number: no file that stays is named by one that is missing.
        numbers = sorted(int(str(load[0])) for load in missing) or [0]
        listed = ", ".join(map(str, numbers))
        _write(
            connection,
            f"from {table} where load_id in ({listed})",
            folder / f"{numbers[-1]}.parquet",
        )


def _loads(connection: duckdb.DuckDBPyConnection, rows: str) -> set[tuple[object, ...]]:
    return set(
        connection.execute(
            "select load_id, source_file, count(*), bit_xor(hash(row_number, content_hash))"
            f" from {rows} group by all"
        ).fetchall()
    )


def _described(connection: duckdb.DuckDBPyConnection, rows: str) -> list[tuple[object, ...]]:
    return [
        (name, kind) for name, kind, *_ in connection.execute(f"describe from {rows}").fetchall()
    ]


def _write(connection: duckdb.DuckDBPyConnection, rows: str, file: Path) -> None:
    """All of it, or nothing: what has no name of a table's file Spark does not read."""
    unfinished = file.with_name(_UNFINISHED)
    connection.execute(f"copy ({rows}) to {literal(str(unfinished))} (format parquet)")
    unfinished.replace(file)


def forget_catalog(settings: Settings) -> None:
    """Take away what a build on this machine told Derby, and what its workers put aside."""
    if (settings.spark_dir / "metastore_db").is_dir():  # Derby's, of nobody else
        for name in ("metastore_db", "warehouse", "work"):
            shutil.rmtree(settings.spark_dir / name, ignore_errors=True)


def load(cursor: Any, settings: Settings, standing: Mapping[tables.Name, tables.Table]) -> None:
    """Make tables of Spark of them, and of what stands; beside nothing else that has our names.

    Raises `SparkError` where the catalog has a database of ours that is somebody else's.
    """
    ours: dict[str, set[str]] = {schema: set() for schema in GIVEN}
    for node in load_manifest()["nodes"].values():
        if node["resource_type"] == "model":
            ours.setdefault(node["schema"], set()).add(node["alias"])
    given = sorted((settings.spark_dir / _GIVEN).glob("*/*"))
    for path in given:
        ours[path.parent.name].add(path.name)
    for schema in _standing_databases(cursor, settings, ours):
        # Of a table of ours the files stay.
        views = _names(cursor, f"views in {schema}")
        for name in ours[schema] & (views | _names(cursor, f"tables in {schema}")):
            cursor.execute(f"drop {'view' if name in views else 'table'} {schema}.{name}")
    made = {(path.parent.name, path.name): (_columns(path), path) for path in given}
    made |= {
        (schema, name): (table.columns, table.folder)
        for (schema, name), table in standing.items()
        if name in ours.get(schema, ())
    }
    for schema in sorted(ours):
        # A server has a folder of its own for what is not told where to lie.
        at = settings.spark_dir / "warehouse" / f"{schema}.db"
        cursor.execute(
            f"create database if not exists {schema} location {literal(tables.location(at))}"
        )
    for (schema, name), (columns, folder) in made.items():
        cursor.execute(
            f"create table {schema}.{name} ({columns}) using parquet"
            f" location {literal(tables.location(folder))}"
        )


def _standing_databases(cursor: Any, settings: Settings, ours: Collection[str]) -> list[str]:
    """Databases of the catalog that have our names. Raises `SparkError` where one is another's."""
    found = sorted({*ours} & _names(cursor, "databases"))
    for schema in found:
        cursor.execute(f"describe database {schema}")
        location = dict(row[:2] for row in cursor.fetchall())["Location"]
        path = tables.path_of(unquote(location))  # of a database it is told as a URI
        if path is None or not path.is_relative_to(settings.spark_dir):
            raise SparkError(
                f"The catalog has a database {schema} at {location}: "
                "nothing is written into what may be another's. Give Spark a metastore of its "
                "own, or set the folder of YUNYING_SPARK_DIR to where it lies"
            )
    return found


def drop_databases(cursor: Any, settings: Settings) -> None:
    """Leave a catalog as it was before a first build. Raises `SparkError`."""
    nodes = load_manifest()["nodes"].values()
    ours = {*GIVEN, *(node["schema"] for node in nodes if node["resource_type"] == "model")}
    for schema in _standing_databases(cursor, settings, ours):
        cursor.execute(f"drop database {schema} cascade")


def _names(cursor: Any, what: str) -> set[str]:
    """Of databases, or of tables or views in one."""
    cursor.execute(f"show {what}")
    return {row[0] if what == "databases" else row[1] for row in cursor.fetchall()}


def _columns(folder: Path) -> str:
    """Of the file in it, as Spark declares them: to find out by itself it would start a job."""
    from pyspark.sql.pandas.types import from_arrow_type

    file = next(folder.glob("*.parquet"))
    return ", ".join(
        f"`{field.name}` {from_arrow_type(field.type).simpleString()}"
        for field in parquet.read_schema(file)
    )


def teach_dbt_python(asking: Asking) -> None:
    """Have dbt-spark run models in Python here: it knows the ways of Databricks alone."""
    from dbt.adapters.spark.impl import SparkAdapter

    from orchestration.engines import python_models

    class Submission:
        def __init__(self, model: dict[str, Any], credentials: Any) -> None:
            self.model = model

        def submit(self, code: str) -> None:
            with asking() as cursor:
                # dbt-spark's materialization indents the first line.
                python_models.submit(cursor, self.model, code.lstrip())

    SparkAdapter.python_submission_helpers = {"driver": Submission}
    SparkAdapter.default_python_submission_method = "driver"


def bring_back(
    cursor: Any,
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    folder: Path,
    *,
    is_whole: bool,
) -> None:
    """Have the warehouse show what Spark made: a view of its files for each table, in the types and
    words of its model, for checks, boards and whoever publishes. What was not made is not there.

    `folder` is the build's own. Where it is whole, the next begins from it.
    """
    nodes = [n for n in load_manifest()["nodes"].values() if n["resource_type"] == "model"]
    made = {
        (schema, name)
        for schema in _names(cursor, "databases") & {node["schema"] for node in nodes}
        for name in _names(cursor, f"tables in {schema}")
    }
    stand = {
        (schema, name): "view" if kind == "VIEW" else "table"
        for schema, name, kind in connection.execute(
            "select table_schema, table_name, table_type from information_schema.tables"
            " where table_catalog = current_database()"
        ).fetchall()
    }
    stands: dict[tables.Name, tables.Table] = {}
    shown: set[Path] = set()
    built: list[str] = []
    connection.execute("begin")
    for node in nodes:
        relation = node["schema"], node["alias"]
        if relation in stand:
            connection.execute(f"drop {stand[relation]} {quote(*relation)}")
        if relation not in made:
            continue
        found = tables.described(cursor, ".".join(relation))
        # Views of staging are logs of other tools, which nobody reads behind it.
        if found.is_view and node["schema"] == "staging":
            continue
        at = found.folder or folder.joinpath(*relation)
        if found.folder is None:
            cursor.execute(
                f"insert overwrite directory {literal(tables.location(at))} using parquet"
                f" select * from {'.'.join(relation)}"
            )
        at.mkdir(parents=True, exist_ok=True)
        shown.add(at)
        built.append(node["unique_id"])
        if not found.is_view:
            stands[relation] = tables.Table(found.declared, at, tables.files_in(at))
        types = {name: column.get("data_type") for name, column in node["columns"].items()}
        rows = tables.rows_in(connection, at, found.columns, types)
        connection.execute(f"create schema if not exists {quote(node['schema'])}")
        connection.execute(f"create view {quote(*relation)} as {rows}")
        for what, words in _comments(node).items():
            connection.execute(f"comment on {what} is {literal(words)}")
    if is_whole:
        tables.note(connection, stands)
        attempts.note_built(connection, os.environ.get("BUILD_ATTEMPT", ""), built)
    connection.execute("commit")
    if is_whole:
        tables.keep(settings, shown)


def _comments(node: Mapping[str, Any]) -> dict[str, str]:
    table = quote(node["schema"], node["alias"])
    words = {f"view {table}": node["description"]}
    words |= {
        f"column {table}.{quote(name)}": column["description"]
        for name, column in node["columns"].items()
    }
    return {what: said for what, said in words.items() if said}
