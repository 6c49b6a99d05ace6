"""Compute days anew: `make restate FROM=2017-03-01 TO=2017-03-07 REASON=…`.

What is asked stands in `raw.restated_days`, numbered like a load of files: until a build is
complete that took it in, staging and every per-user fact of whoever was active on these days
are computed from raw again. Nobody else's are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import duckdb

from orchestration.defs.ingest import ledger
from orchestration.lock import warehouse_lock
from orchestration.project import Settings, SettingsError
from orchestration.warehouse import WarehouseError, connect


class RestateError(ValueError):
    """The days cannot be restated; the message says why."""


def days_between(first: date, last: date) -> list[date]:
    """The days from first to last. Raises `RestateError` when last is before first."""
    if last < first:
        raise RestateError(f"TO={last} is before FROM={first}.")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def record(
    connection: duckdb.DuckDBPyConnection,
    days: Iterable[date],
    reason: str | None = None,
    *,
    now: datetime | None = None,
) -> int:
    """Note the wish to have these days (of the reporting zone) computed anew; give its number."""
    ledger.create_tables(connection)
    load_id = ledger.next_load_ids(connection, 1)[0]
    at = now or datetime.now(UTC).replace(tzinfo=None)
    rows = [(load_id, day.isoformat(), reason, at) for day in sorted(set(days))]
    connection.execute("begin")
    ledger.insert_many(connection, "raw.restated_days", rows)
    connection.execute("commit")
    return load_id


def main(arguments: Sequence[str] | None = None) -> int:
    """Note the wish, then build; the exit code is the build's, 2 when nothing was noted."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.restate", description=__doc__)
    parser.add_argument("first", metavar="FROM", type=date.fromisoformat)
    parser.add_argument("last", metavar="TO", type=date.fromisoformat, nargs="?")
    parser.add_argument("--reason", help="why; it is kept with the days")
    given = sys.argv[1:] if arguments is None else arguments
    asked = parser.parse_args([argument for argument in given if argument])
    try:
        settings = Settings.from_environment()
        days = days_between(asked.first, asked.last or asked.first)
        if not settings.warehouse.exists():
            raise RestateError("There is no warehouse yet. Run `make build` first.")
        with warehouse_lock(settings), connect(settings) as connection:
            record(connection, days, asked.reason or None)
    except (RestateError, SettingsError, WarehouseError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{len(days):,} day(s) will be computed anew, {days[0]} to {days[-1]}.", flush=True)

    from orchestration.build import main as build

    return build([])


if __name__ == "__main__":
    sys.exit(main())
