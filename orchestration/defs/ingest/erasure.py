"""Erasure: people who asked to be forgotten leave raw files and raw tables, before anything is
computed of them, and stay out.

A request names a user, a device (`anonymous_id`), or both. Erased are the rows that name the
user, and the rows without a user of the devices that are theirs: of a device that several
users were seen with, of whoever was seen first, and of nobody where they are so many that it
counts as shared. From then on the ids are known by keyed hashes alone, and every row that is
loaded is held against them.

The hashes are written first, then the files, then the tables: whatever is killed in between,
the next run finds the same people and goes on.
"""

from __future__ import annotations

import gzip
import re
import secrets
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration import watermarks
from orchestration.defs.ingest import ledger
from orchestration.defs.ingest.erased_people import (
    INSTANT_MACRO,
    KEY,
    REQUESTS,
    Request,
    count,
    find_rows,
    record,
    requests,
    returned,
)
from orchestration.defs.ingest.feeds import FEEDS_BY_NAME
from orchestration.defs.ingest.files import RawFile, content_hash, list_raw_files, look_again
from orchestration.defs.ingest.ledger import LOADED, LedgerRow, value
from orchestration.defs.ingest.readers import literal, quote
from orchestration.defs.ingest.rewriting import (
    RowsOutOfStepError,
    write_without_rows,
    write_without_texts,
)
from orchestration.keyed_hash import hash_sql, keyed_hash, set_key
from orchestration.project import Settings
from orchestration.warehouse import WarehouseError

DERIVED_SCHEMAS = ("staging", "intermediate", "facts", "marts")
_ROWS_GO = "rows"  # in the marker until files and tables are without them
_KEPT_TABLES = ("erasures", "erased_ids", "erasure_removals", "horizon_floors")


@dataclass(frozen=True)
class Erasure:
    """What a run erased: for how many requests, how many raw rows of how many files.

    `unreadable` are raw files that hold an erased id and cannot be rewritten.
    """

    request_count: int
    row_count: int
    file_count: int
    unreadable: tuple[str, ...]

    def summary(self) -> str:
        """A sentence for a person, and one for each file that needs a hand."""
        lines = [
            f"Erased {self.row_count:,} raw row(s) in {self.file_count:,} file(s), for "
            f"{self.request_count:,} new request(s)."
        ]
        lines += [
            f"{file} cannot be rewritten and holds an erased id: remove or mend it by hand."
            for file in self.unreadable
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class _Rewritten:
    """A file's ledger row before and after, and the hash of what now lies there."""

    before: LedgerRow
    after: LedgerRow
    content_hash: str


def erase(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    links: Path,
    now: datetime,
    say: Callable[[str], None],
) -> Erasure | None:
    """Erase whoever asked, and whoever was delivered again; None when there was nobody.

    `links` is a folder for symlinks. Raises `WarehouseError` when a raw file cannot be
    rewritten, or the key of the hashes is another one than before.
    """
    _recall(connection, settings)
    asked = requests(connection)
    if not asked and not count(connection, "raw.erased_ids"):
        return None
    set_key(connection, KEY, _key(settings, connection))
    connection.execute(INSTANT_MACRO)
    return _Erasing(connection, settings, links, now, say).all(asked)


def key_path(settings: Settings) -> Path:
    """Where the key is kept when YUNYING_ERASURE_KEY does not give one."""
    return settings.warehouse.with_name(settings.warehouse.name + ".erasure-key")


def marker_path(settings: Settings) -> Path:
    """A file that stands from an erasure's beginning until its last traces are gone."""
    return settings.warehouse.with_name(settings.warehouse.name + ".erasing")


def kept_dir(settings: Settings) -> Path:
    """The hashes and certificates once more, for the day on which the warehouse is lost."""
    return settings.warehouse.with_name(settings.warehouse.name + ".erasures")


def _key(settings: Settings, connection: duckdb.DuckDBPyConnection) -> str:
    """The key of the hashes: the setting's, or one drawn once and kept beside the warehouse."""
    path = key_path(settings)
    found = connection.execute(
        "select id_hash from raw.erased_ids where kind = 'key' limit 1"
    ).fetchone()
    key = settings.erasure_key
    if key is None:
        if not path.exists() and not found:
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32), encoding="utf-8")
        key = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    check = keyed_hash(key, "yunying")
    if found and found[0] != check:
        raise WarehouseError(
            "The key that erased people were hashed with is another one now, so nobody could be "
            f"kept out. Set YUNYING_ERASURE_KEY as it was, or bring {path} back."
        )
    if not found:
        connection.execute(f"insert into raw.erased_ids values ('', {literal(check)}, 'key', null)")
    return key


def _keep(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    folder = kept_dir(settings)
    folder.mkdir(exist_ok=True)
    for table in _KEPT_TABLES:
        new = folder / f".{table}.parquet"
        connection.execute(f"copy raw.{table} to {literal(str(new))} (format parquet)")
        new.replace(folder / f"{table}.parquet")


def _recall(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Read the kept copy into a warehouse that was made anew."""
    folder = kept_dir(settings)
    if count(connection, "raw.erased_ids") or not folder.is_dir():
        return
    for table in _KEPT_TABLES:
        path = folder / f"{table}.parquet"
        if path.exists():
            connection.execute(
                f"insert into raw.{table} by name select * from read_parquet({literal(str(path))})"
            )


class _Erasing:
    """One run of `erase` on an open warehouse."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        settings: Settings,
        links: Path,
        now: datetime,
        say: Callable[[str], None],
    ) -> None:
        self.connection = connection
        self.settings = settings
        self.links = links
        self.now = now
        self.say = say

    def all(self, asked: list[Request]) -> Erasure | None:
        since = self._scanned()
        again = returned(self.connection, since)
        is_new = record(self.connection, asked, again, self.now)
        if is_new:
            _keep(self.connection, self.settings)
        find_rows(self.connection, 0 if is_new else since)
        row_count = count(self.connection, "erased_rows")
        unreadable: list[str] = []
        rewritten: list[_Rewritten] = []
        # A run that was killed may have rewritten files, which were then loaded without the rows.
        marker = marker_path(self.settings)
        is_taken_up = marker.exists() and marker.read_text(encoding="utf-8") == _ROWS_GO
        if row_count or is_taken_up:
            self.say(f"Erasing {row_count:,} raw row(s) of people who asked to be forgotten.")
            self._certify(is_taken_up)
            marker.write_text(_ROWS_GO, encoding="utf-8")
            rewritten = self._rewrite_files()
            searched, unreadable = self._search_what_is_not_loaded()
            self._forget([*rewritten, *searched], unreadable, is_taken_up)
            marker.write_text("", encoding="utf-8")
        self._finish()
        if not row_count and not is_taken_up:
            return None
        _keep(self.connection, self.settings)
        return Erasure(len(asked), row_count, len(rewritten), tuple(unreadable))

    def _scanned(self) -> int:
        """The last load whose rows were held against the hashes; 0 while an erasure is due."""
        if count(self.connection, "(select 1 from raw.erasures where erased_at is null)"):
            return 0
        row = self.connection.execute("select max(load_id) from raw.erasure_scans").fetchone()
        return int(row[0]) if row and row[0] else 0

    def _certify(self, is_taken_up: bool) -> None:
        """Write what goes, by person, layer and object: before the first file is rewritten.

        A run that takes a killed one up counts only whom that one had not.
        """
        self._count_derived()
        now = value(self.now)
        counted = "select person_hash from raw.erasure_removals" if is_taken_up else "select ''"
        self.connection.execute(
            f"""
            insert into raw.erasure_removals
            select *
            from (
                select person_hash, 'raw', 'raw.' || feed, count(*), true, {now}
                from erased_rows group by person_hash, feed
                union all
                select person_hash, 'raw files', 'files of ' || feed,
                    count(distinct load_id), true, {now}
                from erased_rows group by person_hash, feed
                union all
                select person_hash, layer, object, sum(removed_count), true, {now}
                from removals group by person_hash, layer, object
            )
            where person_hash not in ({counted})
            """
        )

    def _count_derived(self) -> None:
        """Make `removals`: what the tables made of raw hold of the people, by table."""
        execute = self.connection.execute
        execute(
            "create or replace temp table removals (person_hash varchar, layer varchar, "
            "object varchar, removed_count bigint)"
        )
        execute(
            f"""
            create or replace temp table names as
            select {hash_sql(KEY, "person")} as person_hash, id from person_ids
            where kind = 'user'
            union
            select {hash_sql(KEY, "person")}, 'anon:' || id from person_ids
            where kind in ('anonymous', 'shared')
            """
        )
        tables = execute(
            """
            select c.schema_name, c.table_name
            from duckdb_columns() as c
            inner join duckdb_tables() as t
                on c.database_name = t.database_name and c.schema_name = t.schema_name
                and c.table_name = t.table_name
            where c.database_name = current_database() and c.column_name = 'user_id'
            order by all
            """
        ).fetchall()
        for schema, table in tables:
            if schema in DERIVED_SCHEMAS:
                execute(
                    f"""
                    insert into removals
                    select n.person_hash, {literal(schema)},
                        {literal(f"{schema}.{table}")}, count(*)
                    from {quote(schema)}.{quote(table)} as t
                    inner join names as n on t.user_id = n.id
                    group by n.person_hash
                    """
                )

    def _rewrite_files(self) -> list[_Rewritten]:
        """Write the files that hold erased rows again without them."""
        known = {(row.feed, row.load_id): row for row in ledger.read(self.connection).values()}
        files = self._files()
        rewritten = []
        found = self.connection.execute(
            "select feed, load_id, list(row_number) from erased_rows group by feed, load_id "
            "order by feed, load_id"
        ).fetchall()
        for feed, load_id, numbers in found:
            row = known[feed, load_id]
            file = files.get((feed, row.source_file))
            after = replace(row, rows_in=row.rows_in - len(numbers))
            digest = row.content_hash
            # A file that is gone, or another one since a moment ago, is left alone: the next
            # build loads it, and holds its rows against the hashes.
            if file is not None and file.stat_signature == row.stat_signature:
                is_in_step = self._rewrite(file, frozenset(numbers), row)
                digest = content_hash(file.path)
                after = _as_it_lies(after, file, digest)
                if not is_in_step:  # the next build reads it anew
                    after = replace(after, content_hash="", stat_signature="")
            rewritten.append(_Rewritten(row, after, digest))
        return rewritten

    def _files(self) -> dict[tuple[str, str], RawFile]:
        listed = list_raw_files(self.settings.raw_dir).files
        return {(file.feed, file.source_file): file for file in listed}

    def _rewrite(self, file: RawFile, numbers: frozenset[int], row: LedgerRow) -> bool:
        """Whether the file's rows were those that raw has; if not, lines went by their ids."""
        link = self.links / f"erasure-{row.load_id}.parquet"
        try:
            write_without_rows(self.connection, file, numbers, row.rows_in, link)
        except RowsOutOfStepError:
            write_without_texts(file, self._ids_of(file.feed, row.load_id))
            return False
        except OSError as error:
            raise WarehouseError(
                f"{file.source_file} holds rows of people who asked to be forgotten, and cannot "
                f"be rewritten without them: {error.strerror}. Let this user write to the raw "
                "folder, and run again."
            ) from error
        finally:
            link.unlink(missing_ok=True)
        return True

    def _ids_of(self, feed: str, load_id: int) -> set[str]:
        """The ids in the erased rows of one file."""
        known = FEEDS_BY_NAME.get(feed)
        columns = (*known.names_of("user"), *known.names_of("anonymous")) if known else ()
        return {
            row[0]
            for column in columns
            for row in self.connection.execute(
                f"select distinct trim(r.{quote(column)}) from raw.{quote(feed)} as r "
                "inner join erased_rows as e on r.load_id = e.load_id "
                f"and r.row_number = e.row_number where e.feed = {literal(feed)} "
                f"and r.load_id = {load_id} and trim(r.{quote(column)}) <> ''"
            ).fetchall()
        }

    def _search_what_is_not_loaded(self) -> tuple[list[_Rewritten], list[str]]:
        """Take the lines with an id out of unreadable and withdrawn files; name what resists."""
        ids = {
            row[0]
            for row in self.connection.execute(
                "select id from person_ids where kind <> 'unjoined'"
            ).fetchall()
        }
        if not ids:
            return [], []
        files = self._files()
        words = b"|".join(re.escape(each.encode()) for each in sorted(ids))
        holds = re.compile(rb"(?<!\w)(?:" + words + rb")(?!\w)").search
        rewritten, resisting = [], []
        for key, row in ledger.read(self.connection).items():
            file = files.get(key)
            if row.status == LOADED or file is None:
                continue
            try:
                if not holds(_bytes(file)):
                    continue
                write_without_texts(file, ids)
            except (OSError, EOFError, zlib.error, RowsOutOfStepError):
                resisting.append(file.source_file)
                continue
            digest = content_hash(file.path)
            rewritten.append(_Rewritten(row, _as_it_lies(row, file, digest), digest))
        return rewritten, resisting

    def _forget(
        self, rewritten: list[_Rewritten], unreadable: Iterable[str], is_taken_up: bool
    ) -> None:
        """Take the rows out of raw, and number those after them anew.

        What was computed of rows that a whole build had taken in goes too: the next is a
        rebuild. The horizon that it had reached stays.
        """
        execute = self.connection.execute
        is_rebuild = is_taken_up or self._is_rebuild()
        floor = self._reached() if is_rebuild else None
        now = value(self.now)
        self.connection.begin()
        try:
            for feed in {each.before.feed for each in rewritten}:
                self._delete(feed)
            for each in rewritten:
                self._keep_first_load(each)
            ledger.write(self.connection, [each.after for each in rewritten], self.now)
            for file in unreadable:
                execute(
                    "insert into raw.erasure_removals "
                    f"select distinct {hash_sql(KEY, 'person')}, 'raw files', {literal(file)}, "
                    f"0, false, {now} from person_ids"
                )
            # The next step fills it again, from what readers see and without these people.
            execute("delete from raw.restatements_log")
            # Nothing that a build which broke off had made can be gone on with.
            execute("delete from raw.build_attempts")
            execute("delete from raw.built_models")
            if floor is not None:
                execute(f"insert into raw.horizon_floors values ({value(floor)})")
            if is_rebuild:
                # In the same transaction: killed behind it, a run would leave what was computed.
                watermarks.begin_rebuild(self.connection)
                for schema in DERIVED_SCHEMAS:
                    execute(f"drop schema if exists {schema} cascade")
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def _is_rebuild(self) -> bool:
        """Whether a whole build had taken in what goes, or devices join nobody from now on."""
        last = watermarks.last(self.connection)
        completed = last.load_id if last else 0
        taken_in = (
            f"(select 1 from erased_rows where load_id <= {completed} and feed <> '{REQUESTS}')"
        )
        parted = "(select 1 from new_ids where kind in ('shared', 'unjoined'))"
        return count(self.connection, taken_in) > 0 or count(self.connection, parted) > 0

    def _keep_first_load(self, file: _Rewritten) -> None:
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
        mine = f"select load_id, row_number from erased_rows where feed = {literal(feed)}"
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

    def _reached(self) -> datetime | None:
        """How far the data had come, as the last build knew."""
        exists = self.connection.execute(
            "select 1 from duckdb_tables() where database_name = current_database() "
            "and schema_name = 'staging' and table_name = 'stg_events'"
        ).fetchone()
        if not exists:
            return None
        row = self.connection.execute(
            "select max(coalesce(received_at, occurred_at)) from staging.stg_events"
        ).fetchone()
        return row[0] if row else None

    def _finish(self) -> None:
        """Note the people as erased, the loads as scanned, and which devices join nobody."""
        execute = self.connection.execute
        execute("begin")
        execute(f"update raw.erasures set erased_at = {value(self.now)} where erased_at is null")
        execute("delete from raw.erasure_scans")
        execute(
            "insert into raw.erasure_scans select coalesce(max(load_id), 0) from raw.ingest_files"
        )
        execute("delete from raw.unjoined_anonymous_ids")
        if not count(
            self.connection, "(select 1 from raw.erased_ids where kind in ('shared', 'unjoined'))"
        ):
            execute("commit")
            return
        execute(
            f"""
            insert into raw.unjoined_anonymous_ids
            select anonymous_id
            from (
                select distinct trim(anonymous_id) as anonymous_id
                from raw.events
                where trim(anonymous_id) <> ''
            )
            where {hash_sql(KEY, "anonymous_id")} in (
                select id_hash from raw.erased_ids where kind in ('shared', 'unjoined')
            )
            """
        )
        execute("commit")


def _as_it_lies(row: LedgerRow, file: RawFile, digest: str) -> LedgerRow:
    look = look_again(file)
    return replace(
        row,
        size_bytes=look.size_bytes,
        content_hash=digest,
        stat_signature=look.stat_signature,
    )


def _bytes(file: RawFile) -> bytes:
    """A text file's bytes. Raises `RowsOutOfStepError` for what cannot be searched as text."""
    if file.format == "parquet" or file.compression == "zst":
        raise RowsOutOfStepError(file.source_file)
    if file.compression == "gz":
        with gzip.open(file.path) as stream:
            return stream.read()
    return file.path.read_bytes()
