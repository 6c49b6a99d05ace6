"""Days that somebody wants computed anew: `raw.restated_days`, numbered like a load of files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import duckdb

from orchestration.ingest import ledger
from orchestration.store.sql import insert_many


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
    insert_many(connection, "raw.restated_days", rows)
    connection.execute("commit")
    return load_id
