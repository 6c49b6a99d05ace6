"""Models in Python on Spark: the same functions as on DuckDB, and what they read as DuckDB has it.

A model is handed relations of a DuckDB in memory. It runs here, over the files of the tables that
it names, of which most are sums and definitions. In a session, where a model's `meta` names a
column (`parted_by`), the tables that have it are spread over the cluster by its values, each task
fills a DuckDB of its own with its part of them and the whole of the others, and runs the model.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from orchestration.engines.spark import SessionCursor, SparkError
from orchestration.engines.tables import described, location, rows_in
from orchestration.project import Settings
from orchestration.store.sql import literal, quote
from orchestration.transform.dbt_runs import load_manifest

PART_ROWS = 4_000_000
"""Rows of the largest table that a task takes."""
_INSTANT = pa.timestamp("us")
_SPARK_INSTANT = pa.timestamp("us", "UTC")

Tables = Mapping[str, pa.Table]


def run(code: str, tables: Tables, schema: pa.Schema) -> pa.Table:
    """What a compiled model gives of the tables that it reads, by `schema.table`."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.execute(f"create schema if not exists {name.partition('.')[0]}")
            connection.register("given", table)
            connection.execute(f"create table {name} as from given")
            connection.unregister("given")
        return _made(code, connection, schema)


def _made(code: str, connection: duckdb.DuckDBPyConnection, schema: pa.Schema) -> pa.Table:
    scope = _scope(code)
    connection.execute("set TimeZone = 'UTC'")
    named = scope["dbtObj"](lambda name: connection.sql(f"from {_plain(name)}"))
    made = scope["model"](named, connection)
    table = made if isinstance(made, pa.Table) else made.to_arrow_table()
    return table.select(schema.names).cast(schema)


def submit(cursor: Any, model: Mapping[str, Any], code: str) -> None:
    """Run a model, and write its table."""
    settings = Settings.from_environment()
    folder = Path(os.environ["BUILD_TABLES"], model["schema"], model["alias"])
    types = _types(model)
    with (
        tempfile.TemporaryDirectory(dir=settings.spark_dir) as aside,
        duckdb.connect(
            config={
                "memory_limit": settings.memory_limit,
                "threads": settings.threads,
                "temp_directory": aside,
            }
        ) as connection,
    ):
        given = _give(cursor, connection, model)
        schema = _schema(connection, types)
        parted_by = model["config"].get("meta", {}).get("parted_by")
        parted = {name for name, columns in given.items() if parted_by in columns}
        if parted and isinstance(cursor, SessionCursor):
            rows = {name: cursor.session.table(name) for name in parted}
            whole = {
                name: connection.sql(f"from {name}").to_arrow_table()
                for name in given.keys() - parted
            }
            frame = _in_parts(rows, parted_by, _task(code, whole, schema), schema)
            frame.write.parquet(location(folder))
        else:
            folder.mkdir(parents=True)
            parquet.write_table(_made(code, connection, schema), folder / "rows.parquet")
    relation = f"{model['schema']}.{model['alias']}"
    declared = ", ".join(
        f"`{name}` {'string' if kind == 'varchar' else kind}" for name, kind in types.items()
    )
    cursor.execute(f"drop table if exists {relation}")
    cursor.execute(
        f"create table {relation} ({declared}) using parquet location {literal(location(folder))}"
    )


def _types(node: Mapping[str, Any]) -> dict[str, str]:
    """Columns and types as a model's YAML has them."""
    return {name: told["data_type"] for name, told in node["columns"].items()}


def _give(
    cursor: Any, connection: duckdb.DuckDBPyConnection, model: Mapping[str, Any]
) -> dict[str, Collection[str]]:
    """Make views of the tables of Spark's that a model reads; return their columns."""
    given: dict[str, Collection[str]] = {}
    for unique_id in model["depends_on"]["nodes"]:
        node = load_manifest()["nodes"][unique_id]
        name = f"{node['schema']}.{node['alias']}"
        found = described(cursor, name)
        if found.folder is None:
            raise SparkError(f"{name} is no table of files that this machine sees")
        connection.execute(f"create schema if not exists {quote(node['schema'])}")
        rows = rows_in(connection, found.folder, found.columns, _types(node))
        connection.execute(f"create view {name} as {rows}")
        given[name] = found.columns
    return given


def _in_parts(
    tables: Mapping[str, Any], column: str, task: Callable[..., Any], schema: pa.Schema
) -> Any:
    from pyspark.sql import functions

    largest = max(rows.count() for rows in tables.values())
    tagged = [
        rows.select(
            functions.lit(name).alias("table"),
            functions.col(column).alias("part"),
            functions.struct(*rows.columns).alias(name.replace(".", "__")),
        )
        for name, rows in tables.items()
    ]
    together = tagged[0]
    for rows in tagged[1:]:
        together = together.unionByName(rows, allowMissingColumns=True)
    return together.repartition(max(1, -(-largest // PART_ROWS)), "part").mapInArrow(
        task, _spark_schema(schema)
    )


def _task(code: str, given: Tables, schema: pa.Schema) -> Callable[..., Any]:
    whole = {name: _to_bytes(table) for name, table in given.items()}

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        first = next(batches, None)
        if first is None:
            return
        rows = pa.Table.from_batches(itertools.chain([first], batches))
        tables = {name: _from_bytes(pa.py_buffer(text)) for name, text in whole.items()}
        for place, column in enumerate(rows.column_names[2:], start=2):
            name = column.replace("__", ".", 1)
            own = rows.filter(pc.equal(rows.column(0), name)).column(place)
            table = pa.Table.from_batches(
                [pa.RecordBatch.from_struct_array(chunk) for chunk in own.chunks],
                pa.schema(list(rows.schema.field(place).type)),
            )
            tables[name] = _without_zone(table)
        yield from _for_spark(run(code, tables, schema))

    return task


def _scope(code: str) -> dict[str, Any]:
    """What dbt has compiled: the model's own module, and how it finds what it names."""
    scope: dict[str, Any] = {}
    exec(compile(code, "model", "exec"), scope)
    return scope


def _plain(name: str) -> str:
    return name.replace("`", "")


def _to_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _from_bytes(text: pa.Buffer) -> pa.Table:
    return pa.ipc.open_stream(text).read_all()


def _zoned(schema: pa.Schema, kind: pa.DataType, other: pa.DataType) -> pa.Schema:
    return pa.schema([field.with_type(other) if field.type == kind else field for field in schema])


def _without_zone(table: pa.Table) -> pa.Table:
    """Instants are UTC without a zone here, and with one in Spark."""
    return table.cast(_zoned(table.schema, _SPARK_INSTANT, _INSTANT))


def _for_spark(table: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from table.cast(_zoned(table.schema, _INSTANT, _SPARK_INSTANT)).to_batches()


def _schema(connection: duckdb.DuckDBPyConnection, types: Mapping[str, str]) -> pa.Schema:
    columns = ", ".join(f"cast(null as {kind}) as {quote(name)}" for name, kind in types.items())
    return connection.sql(f"select {columns} limit 0").to_arrow_table().schema


def _spark_schema(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(_zoned(schema, _INSTANT, _SPARK_INSTANT))
