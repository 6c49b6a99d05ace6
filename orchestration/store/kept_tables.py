"""Tables that a rebuild from the raw files would lose, kept once more beside the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.project import Settings
from orchestration.store.sql import literal


def archive_dir(settings: Settings) -> Path:
    """The archive once more, beside the warehouse."""
    return settings.warehouse.with_name(settings.warehouse.name + ".archive")


def write(connection: duckdb.DuckDBPyConnection, folder: Path, tables: Iterable[str]) -> None:
    """Write the tables, each whole or as it was before."""
    folder.mkdir(exist_ok=True)
    for table in tables:
        path = _path(folder, table)
        new = path.with_name(f".{path.name}")
        connection.execute(f"copy {table} to {literal(str(new))} (format parquet)")
        new.replace(path)


def read(connection: duckdb.DuckDBPyConnection, folder: Path, tables: Iterable[str]) -> None:
    """Add what is kept to the tables of a warehouse that was made anew: all of it or nothing."""
    connection.begin()
    try:
        for table in tables:
            path = _path(folder, table)
            if path.exists():
                connection.execute(
                    f"insert into {table} by name select * from read_parquet({literal(str(path))})"
                )
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _path(folder: Path, table: str) -> Path:
    """Of a table with its schema."""
    return folder / f"{table.split('.')[1]}.parquet"
