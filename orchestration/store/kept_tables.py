"""Raw tables that a rebuild from the raw files would lose, kept once more beside the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.store.sql import literal


def write(connection: duckdb.DuckDBPyConnection, folder: Path, tables: Iterable[str]) -> None:
    """Write the tables, each whole or as it was before."""
    folder.mkdir(exist_ok=True)
    for table in tables:
        new = folder / f".{table}.parquet"
        connection.execute(f"copy raw.{table} to {literal(str(new))} (format parquet)")
        new.replace(folder / f"{table}.parquet")


def read(connection: duckdb.DuckDBPyConnection, folder: Path, tables: Iterable[str]) -> None:
    """Add what is kept to the tables of a warehouse that was made anew: all of it or nothing."""
    connection.begin()
    try:
        for table in tables:
            path = folder / f"{table}.parquet"
            if path.exists():
                connection.execute(
                    f"insert into raw.{table} by name "
                    f"select * from read_parquet({literal(str(path))})"
                )
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
