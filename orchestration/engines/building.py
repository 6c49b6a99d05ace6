"""A build on Spark: what was ingested goes there, and what dbt makes of it comes back.

Ledger, definitions and raw rows stay in the warehouse, which needs transactions for them; of the
tables that Spark makes it has views. A build on Spark is a whole one.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import duckdb
from pyarrow import parquet

from orchestration.engines.spark import SparkError
from orchestration.project import Settings
from orchestration.store.sql import literal, quote
from orchestration.transform.dbt_runs import load_manifest

GIVEN = ("raw", "seeds", "archive")
"""Schemas with tables that Spark is given; it makes all others."""
_GIVEN = "given"
_VIEWS = "views"
_OF_DUCKDB = {"string": "varchar"}


def export(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write the tables that no model makes as files that all workers see."""
    models = {
        (node["schema"], node["alias"])
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model"
    }
    shutil.rmtree(settings.spark_dir / _GIVEN, ignore_errors=True)
    tables = [
        (schema, name)
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            f" where not internal and schema_name in {GIVEN} order by all"
        ).fetchall()
        if (schema, name) not in models
    ]
    for schema, name in tables:
        path = settings.spark_dir / _GIVEN / schema / name
        path.mkdir(parents=True)
        connection.execute(
            f"copy {quote(schema, name)} to {literal(str(path / 'rows.parquet'))} (format parquet)"
        )


def forget(settings: Settings) -> None:
    """Take away what a build on this machine left behind, whole or broken off: the next makes all
    of it anew. Readers have what is published."""
    if (settings.spark_dir / "metastore_db").is_dir():  # Derby's, of nobody else
        for name in ("metastore_db", "warehouse", "work"):
            shutil.rmtree(settings.spark_dir / name, ignore_errors=True)


def load(session: Any, settings: Settings) -> None:
    """Make them tables of Spark, beside nothing that an earlier build or anybody else made of ours.

    Raises `SparkError` where the catalog has a database of ours that is somebody else's.
    """
    ours: dict[str, set[str]] = {schema: set() for schema in GIVEN}
    for node in load_manifest()["nodes"].values():
        if node["resource_type"] == "model":
            ours.setdefault(node["schema"], set()).add(node["alias"])
    given = sorted((settings.spark_dir / _GIVEN).glob("*/*"))
    for path in given:
        ours[path.parent.name].add(path.name)
    for database in session.catalog.listDatabases():
        if database.name in ours:
            if str(settings.spark_dir) not in database.locationUri:
                raise SparkError(
                    f"The catalog has a database {database.name} at {database.locationUri}: "
                    "nothing is written into what may be another's. Give Spark a metastore of its "
                    "own, or set the folder of YUNYING_SPARK_DIR to where it lies"
                )
            _clear(session, database, ours[database.name])
    for schema in sorted({path.parent.name for path in given}):
        session.sql(f"create database if not exists {schema}")
    for path in given:
        session.sql(
            f"create table {path.parent.name}.{path.name} ({_columns(path)}) using parquet"
            f" location {literal(str(path))}"
        )


def _columns(folder: Path) -> str:
    """Of the file in it, as Spark declares them: to find out by itself it would start a job."""
    from pyspark.sql.pandas.types import from_arrow_type

    (file,) = folder.glob("*.parquet")
    return ", ".join(
        f"`{field.name}` {from_arrow_type(field.type).simpleString()}"
        for field in parquet.read_schema(file)
    )


def _clear(session: Any, database: Any, names: Collection[str]) -> None:
    """Take tables and views away, and files of a table that was not made to its end: Spark makes
    none where there are some."""
    views = {row.viewName for row in session.sql(f"show views in {database.name}").collect()}
    for row in session.sql(f"show tables in {database.name}").collect():
        if row.tableName in names:
            kind = "view" if row.tableName in views else "table"
            session.sql(f"drop {kind} {database.name}.{row.tableName}")
    folder = Path(database.locationUri.removeprefix("file:"))
    for name in names:
        shutil.rmtree(folder / name, ignore_errors=True)


def teach_dbt_python() -> None:
    """Have dbt-spark run models in Python here: it knows the ways of Databricks alone."""
    from dbt.adapters.spark.impl import SparkAdapter

    from orchestration.engines import python_models

    class Submission:
        def __init__(self, model: dict[str, Any], credentials: Any) -> None:
            self.model = model

        def submit(self, code: str) -> None:
            from pyspark.sql import SparkSession

            # dbt-spark's materialization indents the first line.
            python_models.submit(SparkSession.builder.getOrCreate(), self.model, code.lstrip())

    SparkAdapter.python_submission_helpers = {"driver": Submission}
    SparkAdapter.default_python_submission_method = "driver"


def bring_back(session: Any, connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Have the warehouse show what Spark made: a view of its files for each table, in the types and
    words of its model, for checks, boards and whoever publishes. What was not made is not there."""
    shutil.rmtree(settings.spark_dir / _VIEWS, ignore_errors=True)
    schemas = [row.namespace for row in session.sql("show databases").collect()]
    made = {
        f"{schema}.{row.tableName}"
        for schema in schemas
        for row in session.sql(f"show tables in {schema}").collect()
        if not row.isTemporary
    }
    views = {
        f"{schema}.{row.viewName}"
        for schema in schemas
        for row in session.sql(f"show views in {schema}").collect()
    }
    stand = {
        (schema, name): "view" if kind == "VIEW" else "table"
        for schema, name, kind in connection.execute(
            "select table_schema, table_name, table_type from information_schema.tables"
            " where table_catalog = current_database()"
        ).fetchall()
    }
    connection.execute("begin")
    for node in load_manifest()["nodes"].values():
        if node["resource_type"] != "model":
            continue
        relation = node["schema"], node["alias"]
        if relation in stand:
            connection.execute(f"drop {stand[relation]} {quote(*relation)}")
        name = ".".join(relation)
        # Views of staging are logs of other tools, which nobody reads behind it.
        if name in made and not (name in views and node["schema"] == "staging"):
            files = _files(session.table(name), settings, is_view=name in views)
            connection.execute(f"create schema if not exists {quote(node['schema'])}")
            connection.execute(
                f"create view {quote(*relation)} as {_query(connection, session, node, files)}"
            )
            for what, words in _comments(node).items():
                connection.execute(f"comment on {what} is {literal(words)}")
    connection.execute("commit")


def _files(rows: Any, settings: Settings, *, is_view: bool) -> str | None:
    """Where DuckDB finds the rows; None: nowhere, there are none."""
    found = [urlsplit(uri) for uri in ([] if is_view else rows.inputFiles())]
    if is_view or any(uri.scheme not in ("", "file") for uri in found):
        folder = settings.spark_dir / _VIEWS / uuid4().hex
        rows.write.parquet(str(folder))
    elif found:
        folder = Path(unquote(found[0].path)).parent
    else:
        return None
    return f"read_parquet({literal(str(folder / '*.parquet'))})"


def _query(
    connection: duckdb.DuckDBPyConnection, session: Any, node: Mapping[str, Any], files: str | None
) -> str:
    """The rows of a table in the types of its model; what the model does not say, as they are."""
    wanted = {name: column.get("data_type") for name, column in node["columns"].items()}
    if files is None:
        nothing = []
        for name, kind in session.table(f"{node['schema']}.{node['alias']}").dtypes:
            kind = wanted.get(name) or _OF_DUCKDB.get(kind, kind)
            nothing.append(f"cast(null as {kind}) as {quote(name)}")
        return f"select {', '.join(nothing)} where false"
    columns = []
    for name, kind, *_ in connection.execute(f"describe from {files}").fetchall():
        column = quote(name)
        if kind == "TIMESTAMP WITH TIME ZONE":
            column = f"timezone('UTC', {column})"
        if wanted.get(name):
            column = f"cast({column} as {wanted[name]})"
        columns.append(f"{column} as {quote(name)}")
    return f"select {', '.join(columns)} from {files}"


def _comments(node: Mapping[str, Any]) -> dict[str, str]:
    table = quote(node["schema"], node["alias"])
    words = {f"view {table}": node["description"]}
    words |= {
        f"column {table}.{quote(name)}": column["description"]
        for name, column in node["columns"].items()
    }
    return {what: said for what, said in words.items() if said}
