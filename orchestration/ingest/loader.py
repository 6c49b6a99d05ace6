"""Ingest: bring the raw folder's new and replaced files into `raw`, and the definitions into
`seeds`.

A file is one transaction, or shares one with files like it: its old rows out, its new rows
and its ledger row in. A process killed anywhere leaves whole files, and the next run goes on.
"""

from __future__ import annotations

import glob
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.ingest import ledger, readers
from orchestration.ingest.definitions.problems import WARNING
from orchestration.ingest.encodings import UTF8
from orchestration.ingest.feeds import FEEDS
from orchestration.ingest.files import (
    CsvShape,
    RawFile,
    UnreadableFileError,
    check_whole,
    declared,
    feed_of,
    look_deeper,
    no_known_column,
    not_utf8,
    shape_of,
)
from orchestration.ingest.hints import what_is_missing
from orchestration.ingest.ledger import FAILED, LOADED, WITHDRAWN, LedgerRow
from orchestration.ingest.plain import Kind, Look, look_into, write_plain
from orchestration.ingest.raw_folder import Found, hash_or_error, raw_folder
from orchestration.ingest.readers import FileColumn
from orchestration.ingest.seeds import SeedFile, Seeds, load_seeds, read_seeds
from orchestration.privacy import archive, erasure, expiry
from orchestration.privacy.erasure import Erasure, erase
from orchestration.privacy.expiry import Expiry
from orchestration.project import Settings
from orchestration.store.sql import NulByteError, insert_many, quote
from orchestration.store.warehouse import WarehouseError, compact, connect

Progress = Callable[[str], None]

BATCH_BYTES = 256 << 20
"""Files of one shape are loaded together up to this size on disk …"""
BATCH_FILES = 1_000
"""… and this number."""
MAX_TYPED_KEYS = 500
"""Keys of JSON lines whose types are recorded."""
MAX_TOLD = 20
"""Files that a summary names; the ledger has all."""


@dataclass(frozen=True)
class FileLoad:
    """What this run did with a file that was new, replaced, or had failed before.

    `notes` are what was guessed of it, and what it lacks.
    """

    feed: str
    source_file: str
    status: str
    rows_in: int
    malformed_rows: int
    error: str | None
    notes: str | None = None


@dataclass(frozen=True)
class FeedSummary:
    """What `raw` holds of a feed after the run."""

    feed: str
    file_count: int
    failed_file_count: int
    withdrawn_file_count: int
    row_count: int
    size_bytes: int


@dataclass(frozen=True)
class IngestReport:
    """What a run of `ingest` found and did. `notes` are sentences for a person."""

    files: tuple[FileLoad, ...]
    feeds: tuple[FeedSummary, ...]
    seeds: tuple[SeedFile, ...]
    definition_warning_count: int
    notes: tuple[str, ...]
    last_load_id: int
    seconds: float
    erasure: Erasure | None = None
    expiry: Expiry | None = None

    @property
    def loaded_files(self) -> tuple[FileLoad, ...]:
        """Files that this run loaded."""
        return tuple(file for file in self.files if file.status == LOADED)

    @property
    def failed_files(self) -> tuple[FileLoad, ...]:
        """Files that this run could not read."""
        return tuple(file for file in self.files if file.status == FAILED)

    @property
    def rows_loaded(self) -> int:
        """Rows that this run brought into `raw`."""
        return sum(file.rows_in for file in self.files)

    def summary(self) -> str:
        """A few lines for a person."""
        lines = [
            f"Loaded {len(self.loaded_files):,} file(s) with {self.rows_loaded:,} rows "
            f"in {self.seconds:.1f} s."
        ]
        lines += [
            f"  {feed.feed}: {feed.row_count:,} rows of {feed.file_count:,} file(s)"
            for feed in self.feeds
            if feed.file_count
        ]
        lines += [f"  Unreadable: {file.source_file}: {file.error}" for file in self.failed_files]
        told = [file for file in self.loaded_files if file.notes]
        lines += [f"  {file.source_file}: {file.notes}" for file in told[:MAX_TOLD]]
        if len(told) > MAX_TOLD:
            lines += [f"  … and notes on {len(told) - MAX_TOLD:,} more: see raw.ingest_files"]
        lines += [f"  {self.expiry.summary()}"] if self.expiry else []
        lines += [f"  {self.erasure.summary()}"] if self.erasure else []
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


@dataclass(frozen=True)
class _Load:
    """A file on its way into `raw`, and what its rows replace."""

    file: RawFile
    load_id: int
    content_hash: str
    replaces: LedgerRow | None
    path: str
    seen: Look | None = None
    notes: tuple[str, ...] = ()

    def row(
        self, status: str, rows_in: int = 0, error: str | None = None, notes: str | None = None
    ) -> LedgerRow:
        return LedgerRow(
            self.file.feed,
            self.file.source_file,
            self.file.size_bytes,
            self.content_hash,
            self.file.stat_signature,
            self.load_id,
            status,
            rows_in,
            error,
            notes,
        )


@dataclass(frozen=True)
class _Shape:
    """What files must share to be read by one statement."""

    feed: str
    format: str
    compression: str | None
    columns: tuple[FileColumn, ...] = ()
    csv: CsvShape | None = None
    crlf: bool = False
    is_alone: bool = False


def ingest(
    settings: Settings, progress: Progress | None = None, *, now: datetime | None = None
) -> IngestReport:
    """Load what is new in the raw folder and the definitions; say what was done.

    `progress` is called with a sentence now and then. `now` (UTC, naive) is the time that the
    ledger notes; by default the clock's. An unreadable file is a ledger row with its error,
    never an exception. Raises `WarehouseError` when the warehouse cannot be used, and
    `DefinitionsError`, before anything is loaded, when a definition is wrong.
    """
    say = progress or (lambda _: None)
    started = time.monotonic()
    now = now or _utc_now()
    with _connect(settings, say) as connection:
        seeds = read_seeds(settings, connection)
        seeds.raise_errors()
        ledger.create_tables(connection)
        due = expiry.look(connection, settings, seeds, say)
    if expiry.EVENTS in due.cuts:
        archive.write_next(settings)
    with _connect(settings, say) as connection, _folder_of_links(settings) as links:
        run = _Run(settings, connection, links, say, now, seeds)
        try:
            report = run.all(due)
        except (duckdb.OutOfMemoryException, duckdb.FatalException) as error:
            raise WarehouseError(f"Loading stopped: {error}") from error
    if erasure.marker_path(settings).exists() or expiry.marker_path(settings).exists():
        say("Writing the warehouse anew, so that its file holds nothing of rows that are gone.")
        compact(settings)
    return replace(report, seconds=time.monotonic() - started)


@contextmanager
def _connect(settings: Settings, say: Progress) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, with the macros that reading raw rows asks for."""
    with connect(settings, on_wait=say) as connection:
        for macro in readers.MACROS:
            connection.execute(macro)
        yield connection


@contextmanager
def _folder_of_links(settings: Settings) -> Iterator[Path]:
    """An empty folder beside the warehouse, whose connection its user holds.

    So it is one run's at a time, and what a killed run left in it goes with the next.
    """
    folder = settings.warehouse.with_name(settings.warehouse.name + ".links")
    if glob.escape(str(folder)) != str(folder):  # DuckDB would take it for a pattern
        with tempfile.TemporaryDirectory(prefix="yunying-links-") as elsewhere:
            yield Path(elsewhere)
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def has_news(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Does the raw folder hold content that the ledger does not know, or so many objects in a
    bucket that this takes long to see?

    A file that could not be read is known too: it is tried again when a build runs. Opens no file
    that looks as it did, and changes nothing.
    """
    return raw_folder(settings).has_news(connection)


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


class _Run:
    """One run of `ingest` on an open warehouse."""

    def __init__(
        self,
        settings: Settings,
        connection: duckdb.DuckDBPyConnection,
        links: Path,
        say: Progress,
        now: datetime,
        seeds: Seeds,
    ) -> None:
        self.settings = settings
        self.seeds = seeds
        self.connection = connection
        self.links = links
        self.say = say
        self.now = now
        self.done: list[FileLoad] = []

    def all(self, due: expiry.Due) -> IngestReport:
        surroundings = (self.connection, self.settings, self.links, self.now, self.say)
        notes = [*self.seeds.notes, *due.notes]
        expiry.begin(self.connection, self.settings, due, self.now)
        folder = raw_folder(self.settings, self.links)
        for found in folder.unknown(self.connection, self.say):
            news = self._news(found)
            if news:
                self._load_all(news)
        expired = expiry.remove(*surroundings)
        erased = erase(self.connection, self.settings, self.seeds, self.links, self.now, self.say)
        load_seeds(self.connection, self.seeds)
        notes += archive.look_at_definitions(self.connection)
        self.connection.execute("checkpoint")
        last = self.connection.execute(
            "select coalesce(max(load_id), 0) from raw.ingest_files"
        ).fetchone()
        return IngestReport(
            files=tuple(sorted(self.done, key=lambda file: (file.feed, file.source_file))),
            feeds=feed_summaries(self.connection),
            seeds=self.seeds.files,
            definition_warning_count=len(self.seeds.of(WARNING)),
            notes=(*folder.notes, *notes),
            last_load_id=int(last[0]) if last else 0,
            seconds=0.0,
            erasure=erased,
            expiry=expired,
        )

    def _news(self, changed: Sequence[Found]) -> list[_Load]:
        """The files whose content the ledger does not have, or could not read last time."""
        if changed:
            size = sum(file.size_bytes for file, _ in changed)
            self.say(f"Looking into {len(changed):,} new or changed file(s), {_megabytes(size)}.")
        with ThreadPoolExecutor(self.settings.threads) as pool:
            hashes = list(pool.map(hash_or_error, (file for file, _ in changed)))
        news: list[tuple[RawFile, str, LedgerRow | None]] = []
        touched: list[tuple[str, str, str]] = []
        for (file, row), digest in zip(changed, hashes, strict=True):
            same = row is not None and row.content_hash == digest and digest != ""
            if same and row is not None and row.status != FAILED:
                touched.append((file.feed, file.source_file, file.stat_signature))
            else:
                news.append((file, digest, row))
        ledger.touch(self.connection, touched)
        loads = []
        for (file, digest, row), load_id in zip(
            news, ledger.next_load_ids(self.connection, len(news)), strict=True
        ):
            link = (
                self.links / f"{load_id}.{'.'.join(filter(None, (file.format, file.compression)))}"
            )
            link.symlink_to(file.path.resolve())
            loads.append(_Load(file, load_id, digest, row, str(link)))
        return loads

    def _load_all(self, loads: Sequence[_Load]) -> None:
        shapes: dict[_Shape, list[_Load]] = {}
        total = len(self.done) + len(loads)
        with ThreadPoolExecutor(self.settings.threads) as pool:
            errors = list(pool.map(_wholeness_error, loads))
        for load, error in zip(loads, errors, strict=True):
            try:
                if error is not None:
                    raise error
                shape, load = self._shape(load)
                shapes.setdefault(shape, []).append(load)
            except (UnreadableFileError, NulByteError) as unreadable:
                self._fail(load, str(unreadable))
            except duckdb.Error as unreadable:
                self._fail(load, in_plain_words(unreadable))
        loaded = len(self.done)
        for shape, members in shapes.items():
            for batch in _batches(members, 1 if shape.is_alone else BATCH_FILES):
                self._load_batch(shape, batch)
                loaded += len(batch)
                self.say(f"{loaded:,} of {total:,} file(s) done, {self._rows():,} rows.")

    def _rows(self) -> int:
        return sum(file.rows_in for file in self.done)

    def _shape(self, load: _Load) -> tuple[_Shape, _Load]:
        """Look at a file's beginning (of a parquet: its end) to see what it is."""
        file = load.file
        feed = feed_of(file.feed)
        if file.format == "parquet":
            if file.compression is not None:
                raise UnreadableFileError(
                    f"A parquet file packed as .{file.compression} is not read: parquet packs "
                    "its own contents. Unpack it."
                )
            columns = readers.parquet_columns(self.connection, load.path)
            names = tuple(column.name for column in columns)
            if feed is not None and not {name.lower() for name in names} & declared(feed):
                raise UnreadableFileError(no_known_column(feed, names))
            is_alone = any(name.lower() == "file_row_number" for name in names)
            return _Shape(file.feed, file.format, None, columns, is_alone=is_alone), load
        return self._shape_of_text(replace(load, seen=look_into(file)))

    def _shape_of_text(self, load: _Load) -> tuple[_Shape, _Load]:
        seen = load.seen
        assert seen is not None
        feed = feed_of(load.file.feed)
        if seen.is_foreign:
            path = self.links / f"{load.load_id}.{seen.file.format}"
            load = replace(load, path=str(path))
        packed = None if seen.is_foreign else load.file.compression
        if seen.text.is_blank:
            # Nothing, or blank lines only as far as one sees: lines, of which there may be none.
            is_empty = seen.text.start == "" or seen.kind == Kind.SHEET
            return _Shape(load.file.feed, "empty" if is_empty else "jsonl", packed), load
        crlf = seen.text.has_crlf and seen.kind == Kind.LINES
        if seen.file.format == "jsonl":
            load = replace(load, notes=seen.notes())
            return _Shape(load.file.feed, "jsonl", packed, crlf=crlf), load
        shape = shape_of(feed, seen.text.start)
        columns = tuple(FileColumn(name, "VARCHAR") for name in shape.names)
        load = replace(load, notes=seen.notes(shape))
        return _Shape(load.file.feed, "csv", packed, columns, csv=shape, crlf=crlf), load

    def _load_batch(self, shape: _Shape, batch: Sequence[_Load]) -> None:
        """Load files together; when some cannot be read, the others without them."""
        pending = [list(batch)]
        while pending:
            part = pending.pop()
            try:
                self.done += self._transact(shape, part)
            except _UnreadablesError as found:
                for load in part:
                    if load.load_id in found.errors:
                        self._fail(load, found.errors[load.load_id])
                pending.append([load for load in part if load.load_id not in found.errors])
            except (UnreadableFileError, NulByteError) as error:
                pending += self._without_unreadable(part, str(error), None)
            except duckdb.Error as error:
                _raise_what_is_no_file_s_fault(error)
                named = re.search(r"/(\d+)\.(?:parquet|csv|jsonl)\b", str(error))
                load_id = int(named.group(1)) if named else None
                if len(part) == 1:
                    load_id = part[0].load_id
                if _is_not_utf8(error) and self._load_deeper(part, load_id):
                    pending.append([load for load in part if load.load_id != load_id])
                elif shape.csv is not None and len(part) > 1 and _is_malformed_row(error):
                    pending += _apart(part, load_id)  # alone, its rows are told apart
                else:
                    pending += self._without_unreadable(part, in_plain_words(error), load_id)
            pending = [part for part in pending if part]

    def _load_deeper(self, part: Sequence[_Load], load_id: int | None) -> bool:
        """Load the file of a load, whose encoding its beginning did not show.

        False: it cannot be told, or which file it is.
        """
        load = next((load for load in part if load.load_id == load_id), None)
        if load is None or load.seen is None or load.seen.text.encoding != UTF8:
            return False
        text = look_deeper(load.seen.file)
        if text is None:
            return False
        shape, load = self._shape_of_text(replace(load, seen=replace(load.seen, text=text)))
        self._load_batch(shape, [load])
        return True

    def _without_unreadable(
        self, part: Sequence[_Load], error: str, load_id: int | None
    ) -> list[list[_Load]]:
        """Give up the file that an error names; what to try next is those before and after it.

        When the error names none: both halves. A file alone is the one.
        """
        parts = _apart(part, load_id)
        for alone in parts:
            if len(alone) == 1 and (len(part) == 1 or alone[0].load_id == load_id):
                self._fail(alone[0], error)
                parts.remove(alone)
                break
        return parts

    def _transact(self, shape: _Shape, batch: Sequence[_Load]) -> list[FileLoad]:
        """Read the files and put their rows, columns and ledger rows in the place of the old."""
        connection = self.connection
        connection.execute(
            "create or replace temp table ingest_batch (load_id bigint, source_file varchar)"
        )
        insert_many(
            connection, "ingest_batch", [(load.load_id, load.file.source_file) for load in batch]
        )
        with self._plain(batch) as told:
            reading = self._read(shape, batch)
        notes = {
            load.load_id: " ".join(
                (
                    *load.notes,
                    *told.get(load.load_id, ()),
                    *what_is_missing(
                        feed_of(shape.feed),
                        [column.name for column in reading.columns.get(load.load_id, ())],
                    ),
                )
            )
            or None
            for load in batch
        }
        with self._transaction():
            ledger.forget_rows(
                connection, [load.replaces for load in batch if load.replaces is not None]
            )
            if reading.insert is not None:
                self._preserve_order(shape.is_alone)
                connection.execute(reading.insert)
            counts = self._counts(shape.feed, batch)
            done = [
                FileLoad(
                    load.file.feed,
                    load.file.source_file,
                    LOADED,
                    *counts.get(load.load_id, (0, 0)),
                    error=None,
                    notes=notes[load.load_id],
                )
                for load in batch
            ]
            ledger.write(
                connection,
                [
                    load.row(LOADED, file.rows_in, notes=file.notes)
                    for load, file in zip(batch, done, strict=True)
                ],
                self.now,
            )
            ledger.write_columns(
                connection,
                [
                    (load.file.feed, load.file.source_file, reading.columns[load.load_id])
                    for load in batch
                    if load.load_id in reading.columns
                ],
            )
        return done

    @contextmanager
    def _plain(self, batch: Sequence[_Load]) -> Iterator[dict[int, tuple[str, ...]]]:
        """Have the foreign files of a batch lie there as plain ones, for as long as it is read."""
        told: dict[int, tuple[str, ...]] = {}
        errors: dict[int, str] = {}
        foreign = [load for load in batch if load.seen is not None and load.seen.is_foreign]
        try:
            for load in foreign:
                Path(load.path).unlink(missing_ok=True)  # the link, if it has that name
                try:
                    told[load.load_id] = write_plain(load.seen, Path(load.path))
                except UnreadableFileError as error:
                    errors[load.load_id] = str(error)
            if errors:
                raise _UnreadablesError(errors)
            yield told
        except OSError as error:
            raise WarehouseError(f"Loading stopped: {error.strerror or error}") from error
        finally:
            for load in foreign:
                Path(load.path).unlink(missing_ok=True)

    def _counts(self, feed: str, batch: Sequence[_Load]) -> dict[int, tuple[int, int]]:
        """Rows and malformed rows that each load of a batch brought into `raw`."""
        ids = [load.load_id for load in batch]
        rows = self.connection.execute(
            "select load_id, count(*), count(malformed_payload) "
            f"from raw.{quote(feed)} "
            f"where load_id between {min(ids)} and {max(ids)} group by load_id"
        ).fetchall()
        return {int(row[0]): (int(row[1]), int(row[2])) for row in rows}

    def _read(self, shape: _Shape, batch: Sequence[_Load]) -> _Reading:
        """Stage the files' rows where that is needed; say how they are inserted."""
        paths = [load.path for load in batch]
        feed = feed_of(shape.feed)
        if shape.format == "empty":
            self._make_room(readers.target(shape.feed, feed, ()))
            return _Reading(None, {})
        if shape.format == "jsonl":
            return self._read_json(shape, paths)
        target = readers.target(shape.feed, feed, [column.name for column in shape.columns])
        columns = {load.load_id: shape.columns for load in batch}
        self._make_room(target)
        if shape.csv is None:
            rows = readers.parquet_rows(target, shape.columns, paths)
        else:
            self._stage_csv(shape.csv, shape.crlf, paths)
            doubles = self._ids_as_doubles(target, shape.csv)
            rows = readers.csv_rows(target, shape.csv, doubles)
            columns = {
                load_id: tuple(
                    replace(column, type=readers.DOUBLE_IN_TEXT)
                    if load_id in doubles.get(column.name, ())
                    else column
                    for column in shape.columns
                )
                for load_id in columns
            }
        return _Reading(readers.insert(target, rows), columns)

    def _read_json(self, shape: _Shape, paths: Sequence[str]) -> _Reading:
        connection = self.connection
        self._preserve_order(True)
        connection.execute(readers.stage_lines(paths, shape.crlf))
        if connection.execute(readers.HAS_ARRAYS).fetchone():
            connection.execute(readers.OPEN_ARRAYS)
        connection.execute(readers.STAGE_STARTS)
        strangers = connection.execute(readers.FILES_WITHOUT_OBJECTS).fetchall()
        if strangers:
            raise _UnreadablesError(
                {
                    int(row[0]): "Not one line of the file is a JSON object of up to 128 KB. It "
                    "needs one object a line."
                    for row in strangers
                }
            )
        connection.execute(readers.STAGE_JSON_KEYS)
        found = connection.execute(readers.json_keys(feed_of(shape.feed))).fetchall()
        keys = sorted({str(key) for _, key in found})
        target = readers.target(shape.feed, feed_of(shape.feed), keys)
        typed = [key for key in keys if "\0" not in key][:MAX_TYPED_KEYS]
        types = {
            (int(row[0]), row[1]): str(row[2])
            for row in connection.execute(readers.json_column_types(typed)).fetchall()
        }
        doubles = {key for (_, key), kind in types.items() if "DOUBLE" in kind}
        doubles |= set(keys) - set(typed)
        columns: dict[int, tuple[FileColumn, ...]] = {}
        for load_id, key in found:
            column = FileColumn(key, types.get((load_id, key), "NULL"))
            columns[load_id] = (*columns.get(load_id, ()), column)
        self._make_room(target)
        return _Reading(readers.insert(target, readers.json_rows(target, keys, doubles)), columns)

    def _ids_as_doubles(self, target: readers.Target, shape: CsvShape) -> dict[str, list[int]]:
        """The loads, by column, whose ids were written as doubles."""
        query = readers.ids_as_doubles(target, shape)
        found: dict[str, list[int]] = {}
        for load_id, names in self.connection.execute(query).fetchall() if query else ():
            for name in names:
                found.setdefault(str(name), []).append(int(load_id))
        return found

    def _stage_csv(self, shape: CsvShape, crlf: bool, paths: Sequence[str]) -> None:
        connection = self.connection
        self._preserve_order(True)
        if shape.is_by_position:
            connection.execute(readers.stage_lines(paths, crlf))
            connection.execute(readers.split_lines(shape))
            connection.execute(readers.STAGE_STARTS)
            return
        try:
            connection.execute(readers.stage_csv(paths, shape))
        except duckdb.Error as error:
            if len(paths) > 1 or not _is_malformed_row(error):
                raise
            connection.execute(readers.stage_lines(paths, crlf))
            for statement in readers.mend_csv(shape):
                connection.execute(statement)
        connection.execute(readers.STAGE_STARTS)

    def _make_room(self, target: readers.Target) -> None:
        # Every warehouse has the tables of declared feeds; another source's log grows.
        if target.declared is None:
            ledger.make_room(self.connection, target.feed, target.columns)

    def _preserve_order(self, is_needed: bool) -> None:
        # Off where rows carry their numbers already: faster, and far less memory.
        self.connection.execute(f"set preserve_insertion_order = {str(is_needed).lower()}")

    def _fail(self, load: _Load, error: str) -> None:
        """Note a file as unreadable; rows of a version that it replaced leave `raw` with it."""
        self.done.append(FileLoad(load.file.feed, load.file.source_file, FAILED, 0, 0, error))
        self.say(f"Unreadable: {load.file.source_file}: {error}")
        old = load.replaces
        again = (FAILED, load.content_hash, error)
        if old is not None and (old.status, old.content_hash, old.error) == again:
            return
        self._make_room(readers.target(load.file.feed, feed_of(load.file.feed), ()))
        with self._transaction():
            if old is not None:
                ledger.forget_rows(self.connection, [old])
            ledger.write(self.connection, [load.row(FAILED, error=error)], self.now)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with transaction(self.connection):
            yield


@dataclass(frozen=True)
class _Reading:
    """How a batch's rows are inserted (None: there are none), and each file's columns."""

    insert: str | None
    columns: dict[int, tuple[FileColumn, ...]]


class _UnreadablesError(Exception):
    """Some files of a batch cannot be read: what to say of each, by load."""

    def __init__(self, errors: dict[int, str]) -> None:
        super().__init__(f"{len(errors)} unreadable file(s)")
        self.errors = errors


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing of the statements inside."""
    connection.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # an error inside may have ended it already
            connection.rollback()
        raise
    connection.commit()


def feed_summaries(connection: duckdb.DuckDBPyConnection) -> tuple[FeedSummary, ...]:
    """What `raw` holds of each declared feed, in their order, then of other sources' logs."""
    rows = connection.execute(
        f"""
        select feed, count(*) filter (where status = '{LOADED}'),
            count(*) filter (where status = '{FAILED}'),
            count(*) filter (where status = '{WITHDRAWN}'),
            cast(sum(rows_in) as bigint),
            cast(coalesce(sum(size_bytes) filter (where status = '{LOADED}'), 0) as bigint)
        from raw.ingest_files
        group by feed
        """
    ).fetchall()
    found = {row[0]: FeedSummary(*row) for row in rows}
    names = [feed.name for feed in FEEDS]
    names += sorted(set(found) - set(names))
    return tuple(found.get(name, FeedSummary(name, 0, 0, 0, 0, 0)) for name in names)


def in_plain_words(error: duckdb.Error) -> str:
    """What to say of a file that DuckDB could not read."""
    text = str(error)
    lowered = text.lower()
    if _is_not_utf8(error):
        line = re.search(r"Line: (\d+)", text)
        return not_utf8(int(line.group(1)) if line else None)
    if "too small to be a parquet" in lowered or "no magic bytes" in lowered:
        return "The file is no parquet file, or is cut off: its end is missing. Deliver it again."
    if "maximum line size" in lowered:
        return (
            f"A line is longer than {readers.MAX_LINE_BYTES:,} bytes, or a quote is never closed. "
            "Mend the file."
        )
    if "permission denied" in lowered:
        return "The file may not be read by this user. Mend its rights."
    first = re.sub(r'[\s"\']*\S*/\d+\.(parquet|csv|jsonl)\S*', " the file", text.split("\n")[0])
    return f"The file is damaged or has another format than its name says. DuckDB: {first[:300]}"


def _is_not_utf8(error: duckdb.Error) -> bool:
    text = str(error).lower()
    return "utf-8" in text or "unicode" in text


def _is_malformed_row(error: duckdb.Error) -> bool:
    text = str(error)
    return "CSV" in text and "unicode" not in text.lower()


def _apart(part: Sequence[_Load], load_id: int | None) -> list[list[_Load]]:
    """The files after a load, before it, and it alone; without such a load both halves."""
    ids = [load.load_id for load in part]
    if load_id in ids:
        place = ids.index(load_id)
        parts = [part[place + 1 :], part[:place], part[place : place + 1]]
    else:
        parts = [part[len(part) // 2 :], part[: len(part) // 2]]
    return [list(each) for each in parts if each]


def _raise_what_is_no_file_s_fault(error: duckdb.Error) -> None:
    if isinstance(error, duckdb.OutOfMemoryException | duckdb.FatalException):
        raise error
    if "No space left" in str(error):
        raise WarehouseError(f"The disk is full: {error}") from error


def _wholeness_error(load: _Load) -> UnreadableFileError | None:
    try:
        check_whole(load.file)
    except UnreadableFileError as error:
        return error
    return None


def _batches(loads: Iterable[_Load], most: int) -> Iterator[list[_Load]]:
    batch: list[_Load] = []
    size = 0
    for load in loads:
        if batch and (len(batch) >= most or size + load.file.size_bytes > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(load)
        size += load.file.size_bytes
    if batch:
        yield batch


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
