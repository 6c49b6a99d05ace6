"""The tables that ingest keeps in `raw`: the ledger of files, their contents, their columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from orchestration.ingest.feeds import FEEDS_BY_NAME
from orchestration.ingest.readers import FileColumn
from orchestration.store.sql import insert_many, literals, quote, value

LOADED = "loaded"
FAILED = "failed"
WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class LedgerRow:
    """What the ledger says of a file: its version that is, was, or failed to be loaded."""

    feed: str
    source_file: str
    size_bytes: int
    content_hash: str
    stat_signature: str
    load_id: int
    status: str
    rows_in: int
    error: str | None
    notes: str | None = None


TABLES = (
    "create schema if not exists raw",
    "create schema if not exists seeds",
    "create sequence if not exists raw.load_ids",
    """
    create table if not exists raw.ingest_files (
        feed varchar not null,
        source_file varchar not null,
        size_bytes bigint not null,
        content_hash varchar,
        stat_signature varchar not null,
        load_id bigint not null,
        status varchar not null,
        rows_in bigint not null,
        error varchar,
        first_loaded_at timestamp,
        loaded_at timestamp not null,
        notes varchar
    )
    """,
    # Warehouses of before have the table without it.
    "alter table raw.ingest_files add column if not exists notes varchar",
    """
    create table if not exists raw.ingest_contents (
        feed varchar not null,
        content_hash varchar not null,
        first_loaded_at timestamp not null
    )
    """,
    """
    create table if not exists raw.ingest_columns (
        feed varchar not null,
        source_file varchar not null,
        column_name varchar not null,
        column_type varchar not null,
        position bigint not null
    )
    """,
    """
    create table if not exists raw.build_watermarks (
        load_id bigint not null,
        configuration_hash varchar not null,
        completed_at timestamp not null
    )
    """,
    # `seeds.definition_hashes` says it of each definition.
    "drop table if exists raw.definition_watermarks",
    # Whom an erasure was for stands here as a keyed hash alone. `erased_at` is empty until
    # nothing of the person is left in raw.
    """
    create table if not exists raw.erasures (
        person_hash varchar not null,
        requested_at timestamp,
        recorded_at timestamp not null,
        erased_at timestamp
    )
    """,
    # kind: user, anonymous (kept out for ever), shared (the device of others too: kept out up
    # to `until_at`, then joined to nobody), unjoined (joined to nobody).
    """
    create table if not exists raw.erased_ids (
        person_hash varchar not null,
        id_hash varchar not null,
        kind varchar not null,
        until_at timestamp
    )
    """,
    """
    create table if not exists raw.erasure_removals (
        person_hash varchar not null,
        layer varchar not null,
        object varchar not null,
        removed_count bigint not null,
        is_removed boolean not null,
        removed_at timestamp not null
    )
    """,
    "create table if not exists raw.erasure_scans (load_id bigint not null)",
    "create table if not exists raw.unjoined_anonymous_ids (anonymous_id varchar not null)",
    "create table if not exists raw.horizon_floors (data_through_at timestamp not null)",
    # `cutoff_at` of events is an instant at which a day of the reporting zone began. From
    # `paths_from_at` on, anchors of paths are looked for in raw; events alone. `removed_at` is
    # empty until the rows have left tables and files.
    """
    create table if not exists raw.expiries (
        feed varchar,
        cutoff_at timestamp,
        paths_from_at timestamp,
        expired_at timestamp,
        removed_at timestamp
    )
    """,
    # `is_late`: they came when their like had gone already.
    """
    create table if not exists raw.expiry_removals (
        feed varchar,
        source_file varchar,
        load_id bigint,
        removed_count bigint,
        is_late boolean,
        removed_at timestamp
    )
    """,
    "create table if not exists raw.expiry_scans (load_id bigint)",
    """
    create table if not exists raw.restatements_log (
        build_id varchar not null,
        previous_build_id varchar not null,
        table_name varchar not null,
        row_key varchar not null,
        column_name varchar,
        reasons varchar not null,
        reason_en varchar not null,
        reason_zh varchar not null,
        old_value varchar,
        new_value varchar,
        is_gone boolean not null,
        restated_at timestamp not null
    )
    """,
    """
    create table if not exists raw.restated_days (
        load_id bigint not null,
        restated_date date not null,
        reason varchar,
        requested_at timestamp not null
    )
    """,
    """
    create table if not exists raw.build_attempts (
        attempt_id varchar not null,
        load_id bigint not null,
        fingerprint varchar not null,
        started_at timestamp not null,
        completed_at timestamp,
        checked_at timestamp
    )
    """,
    """
    create table if not exists raw.built_models (
        attempt_id varchar not null,
        model_name varchar not null
    )
    """,
    # Of each table of which a build tests a part: a sum over its keys, when a build had made it.
    """
    create table if not exists raw.row_checksums (
        model_name varchar not null,
        engine_version varchar not null,
        checksum varchar not null
    )
    """,
    # Of the last whole build: what it was made from, and the tests of dbt that passed.
    """
    create table if not exists raw.source_states (
        source varchar not null,
        state varchar not null
    )
    """,
    """
    create table if not exists raw.passed_tests (
        test varchar not null
    )
    """,
)


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of `raw` that every warehouse has, where they are missing."""
    for statement in TABLES:
        connection.execute(statement)
    present = _columns(connection)
    for feed in FEEDS_BY_NAME.values():
        make_room(connection, feed.name, (*feed.column_names, "properties"), present)


def make_room(
    connection: duckdb.DuckDBPyConnection,
    feed: str,
    columns: Sequence[str],
    present: dict[str, set[str]] | None = None,
) -> None:
    """Make a feed's table, or give it the text columns that it has not yet.

    `present` are the columns of all raw tables, where the caller looked them up already.
    """
    found = (_columns(connection) if present is None else present).get(feed)
    if found is None:
        listed = "".join(f"{quote(column)} varchar, " for column in columns)
        connection.execute(
            f"create table if not exists raw.{quote(feed)} (source_file varchar, "
            f"row_number bigint, load_id bigint, content_hash varchar, {listed}"
            "malformed_payload varchar)"
        )
        return
    for column in columns:
        if column.lower() not in found:
            connection.execute(f"alter table raw.{quote(feed)} add column {quote(column)} varchar")


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    rows = connection.execute(
        "select table_name, lower(column_name) from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'raw'"
    ).fetchall()
    columns: dict[str, set[str]] = {}
    for table, column in rows:
        columns.setdefault(str(table), set()).add(str(column))
    return columns


def read(
    connection: duckdb.DuckDBPyConnection, condition: str = "true"
) -> dict[tuple[str, str], LedgerRow]:
    """The ledger by feed and source file: all of it, or the rows of which a condition holds."""
    rows = connection.execute(
        "select feed, source_file, size_bytes, content_hash, stat_signature, load_id, status, "
        f"rows_in, error, notes from raw.ingest_files where {condition}"
    ).fetchall()
    return {(row[0], row[1]): LedgerRow(*row) for row in rows}


def next_load_ids(connection: duckdb.DuckDBPyConnection, count: int) -> list[int]:
    """Numbers for so many loads, greater than all before."""
    rows = connection.execute(f"select nextval('raw.load_ids') from range({count})").fetchall()
    return sorted(int(row[0]) for row in rows)


def write(connection: duckdb.DuckDBPyConnection, rows: Sequence[LedgerRow], now: datetime) -> None:
    """Put these rows in the place of the same files' rows; contents keep their first load.

    Call it inside the transaction that changes the raw rows.
    """
    if not rows:
        return
    connection.execute(
        "create or replace temp table ingest_ledger as select * from raw.ingest_files limit 0"
    )
    insert_many(
        connection,
        "ingest_ledger",
        [
            (
                row.feed,
                row.source_file,
                row.size_bytes,
                row.content_hash,
                row.stat_signature,
                row.load_id,
                row.status,
                row.rows_in,
                row.error,
                None,
                now,
                row.notes,
            )
            for row in rows
        ],
    )
    connection.execute(
        f"""
        insert into raw.ingest_contents
        select distinct feed, content_hash, loaded_at
        from ingest_ledger as l
        where status = '{LOADED}' and not exists (
            select 1 from raw.ingest_contents as c
            where c.feed = l.feed and c.content_hash = l.content_hash
        )
        """
    )
    connection.execute(
        "delete from raw.ingest_files where (feed, source_file) in "
        "(select (feed, source_file) from ingest_ledger)"
    )
    connection.execute(
        """
        insert into raw.ingest_files
        select l.* replace (c.first_loaded_at as first_loaded_at)
        from ingest_ledger as l
        left join raw.ingest_contents as c
            on l.feed = c.feed and l.content_hash = c.content_hash
        """
    )


def write_columns(
    connection: duckdb.DuckDBPyConnection,
    columns: Iterable[tuple[str, str, Sequence[FileColumn]]],
) -> None:
    """Record the columns of files: feed, source file, columns in their order there."""
    rows = [
        (feed, source_file, column.name, column.type, position)
        for feed, source_file, found in columns
        for position, column in enumerate(found, start=1)
    ]
    insert_many(connection, "raw.ingest_columns", rows)


def forget_rows(connection: duckdb.DuckDBPyConnection, files: Iterable[LedgerRow]) -> None:
    """Take the raw rows and columns of these files' versions out."""
    loads: dict[str, list[int]] = {}
    names: dict[str, list[str]] = {}
    for row in files:
        loads.setdefault(row.feed, []).append(row.load_id)
        names.setdefault(row.feed, []).append(row.source_file)
    for feed, load_ids in loads.items():
        listed = ", ".join(str(load_id) for load_id in load_ids)
        connection.execute(f"delete from raw.{quote(feed)} where load_id in ({listed})")
        connection.execute(
            f"delete from raw.ingest_columns where feed = {value(feed)} "
            f"and source_file in (select unnest({literals(names[feed])}))"
        )


def touch(
    connection: duckdb.DuckDBPyConnection, signatures: Sequence[tuple[str, str, str]]
) -> None:
    """Remember new stat signatures of files whose content is the one that the ledger has."""
    if not signatures:
        return
    connection.execute(
        "create or replace temp table ingest_signatures "
        "(feed varchar, source_file varchar, stat_signature varchar)"
    )
    insert_many(connection, "ingest_signatures", signatures)
    connection.execute(
        "update raw.ingest_files as f set stat_signature = s.stat_signature "
        "from ingest_signatures as s where f.feed = s.feed and f.source_file = s.source_file"
    )
