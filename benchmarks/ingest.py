"""Ingest and staging of the events, against DuckDB's plain load of the same files."""

from __future__ import annotations

import time

import duckdb

from benchmarks.peers import Duel, Made


def duels(made: Made) -> list[Duel]:
    """Ours once, as it was when the warehouse was made; theirs once, closing the file included."""
    warehouse = made.warehouse
    database = warehouse.parquet.with_name("loaded.duckdb")
    files = f"{warehouse.settings.raw_dir}/events/*.parquet"
    started = time.monotonic()
    with duckdb.connect(
        str(database),
        config={"memory_limit": warehouse.settings.memory_limit, "preserve_insertion_order": False},
    ) as connection:
        connection.execute(f"create table events as select * from read_parquet('{files}')")
    seconds = time.monotonic() - started
    sums = (
        "select count(*), cast(round(100 * sum(amount)) as bigint), sum(epoch_us(occurred_at)) from"
    )
    with duckdb.connect(str(database), read_only=True) as connection:
        theirs = connection.execute(f"{sums} events").fetchall()
    database.unlink()
    if warehouse.rows(f"{sums} staging.stg_events") != theirs:
        raise SystemExit("ingest and staging hold other events than the files")
    ours = made.ingest_seconds + made.staging.seconds
    models = {"ingest": made.ingest_seconds, **made.staging.models}
    return [Duel("ingest and staging", "create table as", ours, seconds, 3.0, theirs[0][0], models)]
