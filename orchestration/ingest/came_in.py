"""What came in and did not get through: said at the end of a build, and by `make run`."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.ingest.files import list_raw_files
from orchestration.project import Settings, known_sources
from orchestration.store.sql import literal

MAX_FILES = 20
"""Files that are told one by one; marts.mart_ingest_files has all."""
_MAX_COLUMNS = 12


def quarantine(connection: duckdb.DuckDBPyConnection) -> str | None:
    """How many rows are in quarantine, and why; None: none is."""
    rows_in, rows = _only(
        connection,
        "select coalesce(sum(rows_in), 0), coalesce(sum(rows_quarantined), 0) "
        "from staging.stg_ingest_ledger",
    )
    if not rows:
        return None
    reasons = connection.execute(
        "select reason, sum(row_count) from marts.mart_quarantined_rows "
        "group by reason order by 2 desc, reason"
    ).fetchall()
    listed = ", ".join(f"{count:,} {reason}" for reason, count in reasons)
    return (
        f"{rows:,} of {rows_in:,} rows are in quarantine: {listed}. "
        "marts.mart_quarantined_rows has them by file, with the mend."
    )


def troubles(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[str]:
    """Each folder and file that was not read, or of whose rows most are in quarantine, in a
    sentence."""
    failed = connection.execute(
        "select source_file || ' could not be read: ' || error "
        "from staging.stg_ingest_ledger where status = 'failed' order by source_file"
    ).fetchall()
    refused = connection.execute(
        """
        with reasons as (
            select
                feed, source_file,
                string_agg(row_count || ' ' || reason, ', ' order by row_count desc, reason)
                    as listed,
                arg_max(mend_en, row_count) as mend
            from marts.mart_quarantined_rows
            group by feed, source_file
        )

        select l.feed, l.source_file, l.rows_in, l.rows_staged, r.listed, l.notes, r.mend
        from staging.stg_ingest_ledger as l
        inner join reasons as r on l.feed = r.feed and l.source_file = r.source_file
        where l.rows_quarantined > 0.5 * l.rows_in
        order by l.source_file
        """
    ).fetchall()
    told = [*_unread(connection), *(sentence for (sentence,) in failed)]
    for feed, file, rows_in, staged, listed, notes, mend in refused[:MAX_FILES]:
        of = f"{staged:,} of its {rows_in:,} rows are staged" if staged else (
            f"none of its {rows_in:,} rows is staged"
        )  # fmt: skip
        why = notes if notes and "It has no " in notes else " ".join(
            filter(None, (mend, _columns(connection, feed, file), notes))
        )  # fmt: skip
        told.append(f"{file}: {of}: {listed}. {why}")
    more = len(told) + max(len(refused) - MAX_FILES, 0) - MAX_FILES
    told = told[:MAX_FILES]
    if more > 0:
        told.append(f"… and {more:,} files more: marts.mart_ingest_files has all.")
    # Of a bucket the load has told it: nobody lists one twice for a few words.
    if not isinstance(settings.raw_dir, Path):
        return told
    return [*told, *list_raw_files(settings.raw_dir).notes]


def _unread(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Each folder whose rows are loaded, and that no source which is enabled reads."""
    told, sources = [], known_sources()
    for feed, count in connection.execute(
        "select feed, count(*) from staging.stg_ingest_ledger "
        "where error = 'no staging model reads this feed' group by feed order by feed"
    ).fetchall():
        source = "feed" if feed == "events" else feed
        mend = (
            f"name {source} in YUNYING_EVENT_SOURCES, beside what stands there"
            if source in sources
            else "give the folder the name of a feed or a log, or make a model that reads it"
        )
        told.append(f"{feed}: {count:,} file(s) are loaded, and no source reads them: {mend}.")
    return told


def _columns(connection: duckdb.DuckDBPyConnection, feed: str, file: str) -> str:
    names = [
        name
        for (name,) in connection.execute(
            f"select column_name from raw.ingest_columns where feed = {literal(feed)}"
            f" and source_file = {literal(file)} order by position limit {_MAX_COLUMNS}"
        ).fetchall()
    ]
    return f"Its columns: {', '.join(names)}." if names else ""


def _only(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, int]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0], row[1]
