"""How far the warehouse is transformed: the loads that the last wholly green dbt build had seen.

Staging and facts add what was loaded since. A build that fails or is killed writes no watermark,
so the next one takes up the same loads again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from orchestration.store.sql import value


@dataclass(frozen=True)
class Watermark:
    """Newest load that is transformed, with which configuration, and when that was done (UTC)."""

    load_id: int
    configuration_hash: str
    completed_at: datetime


# In the place of a configuration: tables may be of one configuration or another.
_REBUILDING = ""


def newest_load_id(connection: duckdb.DuckDBPyConnection) -> int:
    """Number of the newest load of any feed, or wish to restate days; 0 before the first."""
    row = connection.execute(
        "select coalesce(max(load_id), 0) from ("
        "select load_id from raw.ingest_files union all select load_id from raw.restated_days)"
    ).fetchone()
    return int(row[0]) if row else 0


def last(connection: duckdb.DuckDBPyConnection) -> Watermark | None:
    """The last wholly green build's watermark.

    None before the first, and from the beginning of a rebuild until one has completed.
    """
    row = connection.execute(
        "select load_id, configuration_hash, completed_at from raw.build_watermarks"
        " order by completed_at desc, load_id desc limit 1"
    ).fetchone()
    return Watermark(*row) if row and row[1] != _REBUILDING else None


def begin_rebuild(connection: duckdb.DuckDBPyConnection) -> None:
    """Append that nothing which stands may be built upon.

    Else a rebuild with other settings that fails half way, and then the old settings again,
    would add new rows to tables of both.
    """
    write(connection, 0, _REBUILDING)


def write(connection: duckdb.DuckDBPyConnection, load_id: int, configuration_hash: str) -> None:
    """Append a watermark, completed at the present instant."""
    connection.execute(
        "insert into raw.build_watermarks (load_id, configuration_hash, completed_at) values"
        f" ({', '.join(map(value, (load_id, configuration_hash, _now())))})"
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
