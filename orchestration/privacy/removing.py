"""Raw rows that go for good: out of the raw files, which are written again without them, and out
of the raw tables, whose rows are numbered anew as in the files.

Which rows go stands in a temporary table with `feed`, `load_id` and `row_number`. Files first,
then tables in one transaction: a process that is killed in between leaves files that the next
run sees as changed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.ingest import ledger
from orchestration.ingest.files import (
    RawFile,
    UnreadableFileError,
    content_hash,
)
from orchestration.ingest.ledger import LedgerRow
from orchestration.ingest.raw_folder import raw_folder
from orchestration.privacy.rewriting import RowsOutOfStepError, write_without_rows
from orchestration.project import Settings
from orchestration.store.buckets import BucketError, ReplacedError
from orchestration.store.sql import literal, quote, value
from orchestration.store.warehouse import WarehouseError

DERIVED_SCHEMAS = ("staging", "intermediate", "facts", "marts")


@dataclass(frozen=True)
class Rewritten:
    """A file's ledger row before and after, and the hash of what now lies there."""

    before: LedgerRow
    after: LedgerRow
    content_hash: str


class Removal:
    """Rows of one temporary table on their way out; `whose` says in an error whose they are."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        settings: Settings,
        links: Path,
        table: str,
        whose: str,
    ) -> None:
        self.connection = connection
        self.folder = raw_folder(settings, links)
        self.links = links
        self.table = table
        self.whose = whose

    def rewrite_files(
        self, out_of_step: Callable[[RawFile, int], None] = lambda _file, _load_id: None
    ) -> list[Rewritten]:
        """Write the files that hold these rows again without them.

        `out_of_step` is called with a file whose rows are not those that raw has, and its load:
        the next build reads that file anew. Raises `WarehouseError` when a file cannot be
        written.
        """
        known = {
            (row.feed, row.load_id): row
            for row in ledger.read(
                self.connection, f"load_id in (select load_id from {self.table})"
            ).values()
        }
        rewritten = []
        found = self.connection.execute(
            f"select feed, load_id, list(row_number) from {self.table} group by feed, load_id "
            "order by feed, load_id"
        ).fetchall()
        for feed, load_id, numbers in found:
            row = known[feed, load_id]
            after = replace(row, rows_in=row.rows_in - len(numbers))
            digest = row.content_hash
            with self.folder.file(feed, row.source_file) as file:
                # A file that is gone, or another one since a moment ago, is left alone: the next
                # build loads it, and looks at its rows.
                if file is not None and file.stat_signature == row.stat_signature:
                    is_in_step = self._rewrite(file, frozenset(numbers), row, out_of_step)
                    with suppress(ReplacedError):
                        after, digest = self.put_back(file, after)
                        if not is_in_step:  # the next build reads it anew
                            after = replace(after, content_hash="", stat_signature="")
            rewritten.append(Rewritten(row, after, digest))
        return rewritten

    def put_back(self, file: RawFile, row: LedgerRow) -> tuple[LedgerRow, str]:
        """Put a rewritten file where it lay; its ledger row and the hash of what lies there now.

        Raises `ReplacedError` when another file does, `WarehouseError` when it may not be put.
        """
        digest = content_hash(file.path)
        try:
            lies = self.folder.put_back(file)
        except BucketError as error:
            raise WarehouseError(
                f"{file.source_file} holds rows {self.whose}, and cannot be rewritten without "
                f"them. {error}"
            ) from None
        return replace(
            row,
            size_bytes=lies.size_bytes,
            content_hash=digest,
            stat_signature=lies.stat_signature,
        ), digest

    def take_out(self, rewritten: list[Rewritten], now: datetime) -> None:
        """Delete the rows from raw, and tell the ledger. Call it inside a transaction."""
        for feed in {each.before.feed for each in rewritten}:
            self._delete(feed)
        for each in rewritten:
            self._keep_first_load(each)
        ledger.write(self.connection, [each.after for each in rewritten], now)

    def _rewrite(
        self,
        file: RawFile,
        numbers: frozenset[int],
        row: LedgerRow,
        out_of_step: Callable[[RawFile, int], None],
    ) -> bool:
        """Whether the file's rows were those that raw has."""
        link = self.links / f"{self.table}-{row.load_id}.parquet"
        try:
            write_without_rows(self.connection, file, numbers, row.rows_in, link)
        except RowsOutOfStepError:
            out_of_step(file, row.load_id)
            return False
        except OSError as error:
            raise WarehouseError(
                f"{file.source_file} holds rows {self.whose}, and cannot "
                f"be rewritten without them: {error.strerror}. Let this user write to the raw "
                "folder, and run again."
            ) from error
        except UnreadableFileError as error:
            raise WarehouseError(
                f"{file.source_file} holds rows {self.whose}, and cannot "
                f"be rewritten without them: {error} Deliver it as csv, and run again."
            ) from error
        finally:
            link.unlink(missing_ok=True)
        return True

    def _keep_first_load(self, file: Rewritten) -> None:
        """The rewritten content counts as loaded when the one before it was."""
        feed, digest = literal(file.before.feed), value(file.content_hash)
        self.connection.execute(
            f"""
            insert into raw.ingest_contents
            select feed, {digest}, first_loaded_at
            from raw.ingest_contents
            where feed = {feed} and content_hash = {value(file.before.content_hash)}
                and not exists (
                    select 1 from raw.ingest_contents
                    where feed = {feed} and content_hash = {digest}
                )
            """
        )

    def _delete(self, feed: str) -> None:
        table = f"raw.{quote(feed)}"
        mine = f"select load_id, row_number from {self.table} where feed = {literal(feed)}"
        self.connection.execute(f"delete from {table} where (load_id, row_number) in ({mine})")
        self.connection.execute(
            f"""
            update {table} as r
            set row_number = r.row_number - moved.gone
            from (
                select o.load_id, o.row_number, count(*) as gone
                from {table} as o
                inner join ({mine}) as e
                    on o.load_id = e.load_id and o.row_number > e.row_number
                group by o.load_id, o.row_number
            ) as moved
            where r.load_id = moved.load_id and r.row_number = moved.row_number
            """
        )


def reached(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """How far the data had come, as the last build knew; None before the first."""
    exists = connection.execute(
        "select 1 from information_schema.tables where table_catalog = current_database() "
        "and table_schema = 'staging' and table_name = 'stg_events'"
    ).fetchone()
    if not exists:
        return None
    row = connection.execute(
        "select max(coalesce(received_at, occurred_at)) from staging.stg_events"
    ).fetchone()
    return row[0] if row else None


def drop_derived(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what was computed of raw: the next build is a rebuild."""
    for schema in DERIVED_SCHEMAS:
        connection.execute(f"drop schema if exists {schema} cascade")
