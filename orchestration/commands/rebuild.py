"""`make rebuild`: everything anew.

From the tables of `raw`, when the warehouse can be used. When it is damaged, or was written by
another version of DuckDB, it is set aside, and everything is loaded again from the raw files.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.commands import build
from orchestration.ingest import ledger
from orchestration.project import Settings, SettingsError
from orchestration.store import watermarks
from orchestration.store.faults import is_damaged
from orchestration.store.lock import warehouse_lock
from orchestration.store.warehouse import UnusableError, WarehouseError, connect, explain


def prepare(settings: Settings) -> Path | None:
    """Have the next build make everything anew; return what an unusable warehouse is now called.

    Raises `WarehouseError` when the warehouse is held, or may not be written.
    """
    try:
        with connect(settings, on_wait=print) as connection:
            _read_everything(connection, settings)
            ledger.create_tables(connection)
            watermarks.begin_rebuild(connection)
    except UnusableError:
        return _set_aside(settings.warehouse)
    return None


def _read_everything(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Read every block: a damaged one is found by its checksum, and only when it is read."""
    tables = connection.execute(
        """select format('"{}"."{}"', schema_name, table_name) from duckdb_tables()"""
    ).fetchall()
    try:
        for (table,) in tables:
            connection.execute(f"select bit_xor(hash(every_row)) from {table} as every_row")
    except duckdb.Error as error:
        if not is_damaged(str(error)):
            raise
        raise explain(settings.warehouse, error) from error


def _set_aside(warehouse: Path) -> Path:
    """Rename the file, and the log of what is not in it yet."""
    aside = warehouse.with_name(f"{warehouse.name}.unusable-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    log = warehouse.with_name(f"{warehouse.name}.wal")
    if log.exists():
        log.rename(aside.with_name(f"{aside.name}.wal"))
    warehouse.rename(aside)
    return aside


def main() -> int:
    try:
        settings = Settings.from_environment()
        with warehouse_lock(settings):
            aside = prepare(settings)
    except SettingsError as error:
        print(error)
        return 2
    except (WarehouseError, OSError) as error:
        print(error)
        return 1
    if aside is not None:
        print(
            f"The warehouse cannot be used. It is kept as {aside}.\n"
            f"Everything is loaded again from {settings.raw_dir}: without files that have left "
            "that folder, and with those that were withdrawn and lie there still."
        )
    return build.main(["--again"])


if __name__ == "__main__":
    sys.exit(main())
