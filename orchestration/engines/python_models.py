"""Models in Python on Spark: the same functions as on DuckDB, and what they read as DuckDB has it.

A model is handed relations of a DuckDB in memory, filled with the tables that it names. Most of
these are sums and definitions, so that is done once, in the driver. Where a model's `meta` names a
column (`parted_by`), the tables that have it are spread over the cluster by its values, each task
fills a DuckDB of its own with its part of them and the whole of the others, and runs the model.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.engines.tables import location

PART_ROWS = 4_000_000
"""Rows of the largest table that a task takes."""
_CHUNK_ROWS = 250_000
_INSTANT = pa.timestamp("us")
_SPARK_INSTANT = pa.timestamp("us", "UTC")

Tables = Mapping[str, pa.Table]


def run(code: str, tables: Tables, schema: pa.Schema) -> pa.Table:
    """What a compiled model gives of the tables that it reads, by `schema.table`."""
    scope = _scope(code)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, table in tables.items():
            connection.execute(f"create schema if not exists {name.partition('.')[0]}")
            connection.register("given", table)
            connection.execute(f"create table {name} as from given")
            connection.unregister("given")
        named = scope["dbtObj"](lambda name: connection.table(_plain(name)))
        made = scope["model"](named, connection)
        return _as(made if isinstance(made, pa.Table) else made.to_arrow_table(), schema)


def submit(session: Any, model: Mapping[str, Any], code: str) -> None:
    """Run a model, and write its table."""
    ref = _scope(code)["ref"]
    reads = {
        name: session.table(name)
        for name in sorted({ref(one["name"], dbt_load_df_function=_plain) for one in model["refs"]})
    }
    schema = _schema(session, model)
    parted_by = model["config"].get("meta", {}).get("parted_by")
    parted = {name: rows for name, rows in reads.items() if parted_by in rows.columns}
    given = {
        name: _without_zone(_arrow(rows)) for name, rows in reads.items() if name not in parted
    }
    if parted:
        frame = _in_parts(parted, parted_by, _task(code, given, schema), schema)
    else:
        frame = to_frame(session, run(code, given, schema), schema)
    writer = frame.write.mode("overwrite").format("parquet")
    if folder := os.environ.get("BUILD_TABLES"):
        writer = writer.option("path", location(f"{folder}/{model['schema']}/{model['alias']}"))
    writer.saveAsTable(f"{model['schema']}.{model['alias']}")


def to_frame(session: Any, table: pa.Table, schema: pa.Schema) -> Any:
    """A data frame of rows that the driver has."""
    chunks = [
        (_to_bytes(table.slice(start, _CHUNK_ROWS)),)
        for start in range(0, max(len(table), 1), _CHUNK_ROWS)
    ]

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for chunk in batch.column(0):
                yield from _for_spark(_from_bytes(chunk.as_buffer()))

    return session.createDataFrame(chunks, "chunk binary").mapInArrow(read, _spark_schema(schema))


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


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table.select(schema.names).cast(schema)


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


def _schema(session: Any, model: Mapping[str, Any]) -> pa.Schema:
    """Columns and types as the model's YAML has them."""
    types = {name: told["data_type"] for name, told in model["columns"].items()}
    columns = ", ".join(
        f"cast(null as {'string' if kind == 'varchar' else kind}) as `{name}`"
        for name, kind in types.items()
    )
    return _without_zone(_arrow(session.sql(f"select {columns}").limit(0))).schema


def _arrow(rows: Any) -> pa.Table:
    """The rows of a data frame, in the driver: public in Spark 4 alone, as `toArrow`."""
    from pyspark.sql.pandas.types import to_arrow_schema

    batches = rows._collect_as_arrow()
    return pa.Table.from_batches(
        batches, batches[0].schema if batches else to_arrow_schema(rows.schema)
    )


def _spark_schema(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(_zoned(schema, _INSTANT, _SPARK_INSTANT))
