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

import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from orchestration.engines import tables
from orchestration.ingest import ledger
from orchestration.ingest.feeds import FEEDS_BY_NAME
from orchestration.ingest.files import (
    READING_ERRORS,
    RawFile,
    UnreadableFileError,
    inside,
    opened,
)
from orchestration.ingest.ids import define_person_id
from orchestration.ingest.instants import define_raw_instant
from orchestration.ingest.ledger import LOADED
from orchestration.ingest.seeds import Seeds
from orchestration.privacy import archive
from orchestration.privacy.erased_people import (
    ACTORS,
    KEY,
    REQUESTS,
    Request,
    count,
    find_rows,
    record,
    requests,
    returned,
)
from orchestration.privacy.removing import (
    DERIVED_SCHEMAS,
    Removal,
    Rewritten,
    drop_derived,
    reached,
)
from orchestration.privacy.rewriting import (
    RowsOutOfStepError,
    holding,
    write_without_texts,
)
from orchestration.project import Settings
from orchestration.store import kept_tables, watermarks
from orchestration.store.buckets import ReplacedError
from orchestration.store.keyed_hash import hash_sql, keyed_hash, set_key
from orchestration.store.sql import literal, quote, value
from orchestration.store.warehouse import WarehouseError

_ROWS_GO = "rows"  # in the marker until files and tables are without them
_KEPT_TABLES = tuple(
    f"raw.{name}" for name in ("erasures", "erased_ids", "erasure_removals", "horizon_floors")
)


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


def erase(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    seeds: Seeds,
    links: Path,
    now: datetime,
    say: Callable[[str], None],
) -> Erasure | None:
    """Erase whoever asked, and whoever was delivered again; None when there was nobody.

    `links` is a folder for symlinks. Raises `WarehouseError` when a raw file cannot be
    rewritten, or the key of the hashes is another one than before.
    """
    _recall(connection, settings)
    is_known = count(connection, "raw.erased_ids") > 0
    if not is_known and not count(connection, f"raw.{REQUESTS}"):
        return None
    define_raw_instant(connection, settings)
    define_person_id(connection, seeds)
    asked = requests(connection)
    if not asked and not is_known:
        return None
    set_key(connection, KEY, _key(settings, connection))
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
    kept_tables.write(connection, kept_dir(settings), _KEPT_TABLES)


def _recall(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Read the kept copy into a warehouse that was made anew."""
    folder = kept_dir(settings)
    if count(connection, "raw.erased_ids") or not folder.is_dir():
        return
    kept_tables.read(connection, folder, _KEPT_TABLES)


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
        self.removal = Removal(
            connection, settings, links, "erased_rows", "of people who asked to be forgotten"
        )

    def all(self, asked: list[Request]) -> Erasure | None:
        since = self._scanned()
        again = returned(self.connection, since, self.now)
        is_new = record(self.connection, asked, again, self.now)
        if is_new:
            _keep(self.connection, self.settings)
        find_rows(self.connection, 0 if is_new else since)
        row_count = count(self.connection, "erased_rows")
        unreadable: list[str] = []
        rewritten: list[Rewritten] = []
        # A run that was killed may have rewritten files, which were then loaded without the rows.
        marker = marker_path(self.settings)
        is_taken_up = marker.exists() and marker.read_text(encoding="utf-8") == _ROWS_GO
        if row_count or is_taken_up:
            self.say(f"Erasing {row_count:,} raw row(s) of people who asked to be forgotten.")
            self._certify(is_taken_up)
            marker.write_text(_ROWS_GO, encoding="utf-8")
            rewritten = self.removal.rewrite_files(self._drop_lines)
            searched, unreadable = self._search_what_is_not_loaded()
            self._forget([*rewritten, *searched], unreadable, is_taken_up)
            marker.write_text("", encoding="utf-8")
        self._finish()
        # Also when a run before was killed before it came to this.
        if marker.exists() and archive.kept_dir(self.settings).is_dir():
            archive.keep(self.connection, self.settings)
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
        is_counted = (
            "where person_hash not in (select person_hash from raw.erasure_removals)"
            if is_taken_up
            else ""
        )
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
            {is_counted}
            """
        )

    def _count_derived(self) -> None:
        """Make `removals`: what is archived and computed of the people, by table; and `names`."""
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
        of_spark = tables.standing(self.connection)
        named = execute(
            """
            select c.schema_name, c.table_name, v.view_name is not null
            from duckdb_columns() as c
            left join duckdb_views() as v
                on c.database_name = v.database_name and c.schema_name = v.schema_name
                and c.table_name = v.view_name
            where c.database_name = current_database() and c.column_name = 'user_id'
            order by all
            """
        ).fetchall()
        for schema, table, is_view in named:
            # A view holds nothing, but those of the files of Spark.
            if schema in (*DERIVED_SCHEMAS, "archive") and (
                not is_view or (schema, table) in of_spark
            ):
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

    def _drop_lines(self, file: RawFile, load_id: int) -> None:
        """Of a file whose rows are out of step, take every line that holds one of their ids."""
        write_without_texts(file, self._ids_of(file.feed, load_id))

    def _ids_of(self, feed: str, load_id: int) -> set[str]:
        """The ids of the people in the erased rows of one file."""
        known = FEEDS_BY_NAME.get(feed)
        named = [*known.users, *known.devices] if known else []
        return {
            row[0]
            for name in named
            for row in self.connection.execute(
                f"select distinct person_id({name}) as id from raw.{quote(feed)} as r "
                "inner join erased_rows as e on r.load_id = e.load_id "
                f"and r.row_number = e.row_number where e.feed = {literal(feed)} "
                f"and r.load_id = {load_id} and {hash_sql(KEY, f'person_id({name})')} "
                "in (select id_hash from raw.erased_ids)"
            ).fetchall()
        }

    def _search_what_is_not_loaded(self) -> tuple[list[Rewritten], list[str]]:
        """Take the lines with an id out of unreadable and withdrawn files; name what resists."""
        ids = {
            row[0]
            for row in self.connection.execute(
                "select id from person_ids where kind <> 'unjoined'"
            ).fetchall()
        }
        if not ids:
            return [], []
        holds = holding(ids)
        rewritten, resisting = [], []
        not_loaded = ledger.read(self.connection, f"status <> {literal(LOADED)}")
        for (feed, source_file), row in not_loaded.items():
            with self.removal.folder.file(feed, source_file) as file, suppress(ReplacedError):
                try:
                    if file is None or not holds(_bytes(file)):
                        continue
                    write_without_texts(file, ids)
                except (*READING_ERRORS, UnreadableFileError, RowsOutOfStepError):
                    resisting.append(source_file)
                    continue
                after, digest = self.removal.put_back(file, row)
                rewritten.append(Rewritten(row, after, digest))
        return rewritten, resisting

    def _forget(
        self, rewritten: list[Rewritten], unreadable: Iterable[str], is_taken_up: bool
    ) -> None:
        """Take the rows out of raw, and number those after them anew.

        What was computed of rows that a whole build had taken in goes too: the next is a
        rebuild. The horizon that it had reached stays.
        """
        execute = self.connection.execute
        is_rebuild = is_taken_up or self._is_rebuild()
        floor = reached(self.connection) if is_rebuild else None
        now = value(self.now)
        self.connection.begin()
        try:
            self.removal.take_out(rewritten, self.now)
            archive.forget_people(self.connection)
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
                drop_derived(self.connection)
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
        archived = "(select 1 from removals where layer = 'archive')"
        return any(count(self.connection, each) for each in (taken_in, parted, archived))

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
                select distinct anonymous_id from ({ACTORS}) where anonymous_id is not null
                union
                select anonymous_id from archive.arc_identity_pairs
            )
            where {hash_sql(KEY, "anonymous_id")} in (
                select id_hash from raw.erased_ids where kind in ('shared', 'unjoined')
            )
            """
        )
        execute("commit")


def _bytes(file: RawFile) -> bytes:
    """A text file's bytes. Raises `RowsOutOfStepError` for what cannot be searched as text."""
    file = inside(file)
    if file.format in ("parquet", "xlsx") or file.compression == "zst":
        raise RowsOutOfStepError(file.source_file)
    with opened(file) as stream:
        return stream.read()
