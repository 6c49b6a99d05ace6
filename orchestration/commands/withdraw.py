"""Take one file's rows out of the warehouse: `python -m orchestration.commands.withdraw FILE`.

A file that only vanished from the raw folder stays loaded; this is how it goes. Its content
is not loaded again while it lies in the folder unchanged.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from orchestration.ingest import ledger
from orchestration.ingest.ledger import LOADED, WITHDRAWN, LedgerRow
from orchestration.ingest.loader import transaction
from orchestration.project import Settings, SettingsError
from orchestration.store.lock import warehouse_lock
from orchestration.store.warehouse import WarehouseError, connect


class WithdrawError(ValueError):
    """The file cannot be withdrawn; the message says why."""


def withdraw(settings: Settings, file: str | Path, *, now: datetime | None = None) -> LedgerRow:
    """Take the rows of a file out of `raw`; give its ledger row as it was before.

    `file` is a path as the ledger has it (`events/2024-01-01.csv`), or one that leads to the
    file from the working directory. The ledger row stays, withdrawn and with a new load_id, so
    that the next build sees the change. Raises `WithdrawError` when the ledger does not know
    the file or it is withdrawn already, `WarehouseError` when the warehouse cannot be used.
    """
    if not settings.warehouse.exists():
        raise WithdrawError(f"There is no warehouse at {settings.warehouse}: nothing is loaded.")
    with connect(settings) as connection:
        ledger.create_tables(connection)
        known = {row.source_file: row for row in ledger.read(connection).values()}
        row = next((known[name] for name in _names(settings, file) if name in known), None)
        if row is None:
            raise WithdrawError(_unknown(str(file), sorted(known)))
        if row.status == WITHDRAWN:
            raise WithdrawError(f"{row.source_file} is withdrawn already.")
        gone = LedgerRow(
            feed=row.feed,
            source_file=row.source_file,
            size_bytes=row.size_bytes,
            content_hash=row.content_hash,
            stat_signature=row.stat_signature,
            load_id=ledger.next_load_ids(connection, 1)[0],
            status=WITHDRAWN,
            rows_in=0,
            error=None,
        )
        with transaction(connection):
            if row.status == LOADED:
                ledger.forget_rows(connection, [row])
            ledger.write(connection, [gone], now or datetime.now(UTC).replace(tzinfo=None))
    return row


def _names(settings: Settings, file: str | Path) -> list[str]:
    """Names that the ledger may have for what a person typed."""
    names = [Path(file).as_posix(), str(file), str(file).removeprefix(f"{settings.raw_dir}/")]
    if not isinstance(settings.raw_dir, Path):
        return names
    for base in (Path.cwd(), settings.raw_dir):
        path = base / file
        for whole, folder in (
            (path, settings.raw_dir),
            (path.resolve(), settings.raw_dir.resolve()),
        ):
            if whole.is_relative_to(folder):
                names.append(whole.relative_to(folder).as_posix())
    return names


def _unknown(file: str, known: list[str]) -> str:
    alike = [name for name in known if Path(name).name == Path(file).name][:3] or known[:3]
    hint = f" Loaded are, for one: {', '.join(alike)}." if alike else " Nothing is loaded yet."
    return f"The ledger does not know {file}.{hint} Give the path below the raw folder."


def main(arguments: list[str]) -> int:
    """Withdraw the files named; 0 when all were."""
    if not arguments:
        print("Say which file: make withdraw FILE=events/2024-01-01.csv", file=sys.stderr)
        return 2
    try:
        settings = Settings.from_environment()
        # Not in the middle of a build, whose parts would then have seen different rows.
        with warehouse_lock(settings):
            for file in arguments:
                row = withdraw(settings, file)
                print(
                    f"Withdrew {row.source_file}: {row.rows_in:,} rows left raw.{row.feed}. "
                    "Run `make build` to bring the marts up to date."
                )
    except (WithdrawError, WarehouseError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
