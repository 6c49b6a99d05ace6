"""The raw folder, on this machine or in a bucket: what in it the ledger does not know, one file of
it by its name, and a file put back that was written again.

A bucket has no second copy here. The ledger knows an object by size and etag as it knows a file by
size and times, so a listing tells what is new; that alone is fetched, some files at a time, and
goes again once it is loaded.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import duckdb

from orchestration.ingest import ledger
from orchestration.ingest.arrivals import folder_signature
from orchestration.ingest.files import (
    MAX_NAMED,
    RawFile,
    UnreadableFileError,
    content_hash,
    feed_or_note,
    list_raw_files,
    look_again,
    raw_file,
    raw_object,
)
from orchestration.ingest.ledger import FAILED, LedgerRow
from orchestration.project import Settings
from orchestration.store.buckets import Bucket, BucketError, Entry, at_once
from orchestration.store.sql import row_count

Say = Callable[[str], None]
Found = tuple[RawFile, LedgerRow | None]
"""A file that lies on this machine, and what the ledger says of it."""

FETCHED_FILES = 10_000
"""Objects of a bucket that lie on this machine together …"""
FETCHED_BYTES = 2 << 30
"""… and their bytes; one that is larger lies there alone."""
MOST_WATCHED = 100_000
"""Objects of a bucket that are listed only to see whether something is new: Dagster gives a sensor
or a schedule a minute."""
_SECONDS_BETWEEN_WORDS = 10.0


class RawFolder(Protocol):
    """Where raw files lie. `notes` are sentences about what `unknown` left aside."""

    notes: list[str]

    def unknown(self, connection: duckdb.DuckDBPyConnection, say: Say) -> Iterator[list[Found]]:
        """Files that are new, look changed, or failed last time: some at a time, in order."""

    def has_news(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Does it hold content that the ledger does not know, as far as one sees in a minute?"""

    def signature(self) -> str:
        """Another text where files are others, or look changed. Opens none."""

    def file(self, feed: str, source_file: str) -> AbstractContextManager[RawFile | None]:
        """A file that the ledger knows, on this machine; None: it is gone."""

    def put_back(self, file: RawFile) -> RawFile:
        """A file that was written again, as it lies there now.

        Raises `ReplacedError` when it was delivered anew meanwhile.
        """


def raw_folder(settings: Settings, links: Path | None = None) -> RawFolder:
    """The raw folder of the settings; who reads files says where what is fetched may lie."""
    if isinstance(settings.raw_dir, Path):
        return _LocalFolder(settings.raw_dir)
    return _BucketFolder(settings, settings.raw_dir, links)


class _LocalFolder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.notes: list[str] = []

    def unknown(self, connection: duckdb.DuckDBPyConnection, say: Say) -> Iterator[list[Found]]:
        known = ledger.read(connection)
        listing = list_raw_files(self._folder)
        self.notes = [*listing.notes]
        found: list[Found] = []
        for file in listing.files:
            row = known.get((file.feed, file.source_file))
            if row is None or row.stat_signature != file.stat_signature or row.status == FAILED:
                found.append((file, row))
        yield found

    def has_news(self, connection: duckdb.DuckDBPyConnection) -> bool:
        # A file that could not be read is known too: the same bytes fail the same way.
        return any(
            row is None or not row.content_hash or hash_or_error(file) != row.content_hash
            for found in self.unknown(connection, lambda _: None)
            for file, row in found
        )

    def signature(self) -> str:
        return folder_signature((self._folder,))

    @contextmanager
    def file(self, feed: str, source_file: str) -> Iterator[RawFile | None]:
        path = self._folder / source_file
        try:
            status = path.stat()
        except OSError:
            yield None
            return
        yield raw_file(feed, source_file, path, status)

    def put_back(self, file: RawFile) -> RawFile:
        return look_again(file)


class _BucketFolder:
    def __init__(self, settings: Settings, url: str, links: Path | None) -> None:
        self._bucket = Bucket(settings, url, "YUNYING_RAW_DIR")
        self._links = links
        self.notes: list[str] = []

    def unknown(self, connection: duckdb.DuckDBPyConnection, say: Say) -> Iterator[list[Found]]:
        self._list(connection, say)
        total = row_count(connection, "unknown_objects")
        if total:
            say(f"Fetching {total:,} new or changed object(s).")
        began_at, done = time.monotonic(), 0
        while found := self._next(connection, done):
            known = ledger.read(
                connection,
                "source_file in (select source_file from unknown_objects "
                f"where number between {done + 1} and {done + len(found)})",
            )
            done += len(found)
            fetched = at_once(self._fetched, found)
            there = [file for file in fetched if file is not None]
            yield [(file, known.get((file.feed, file.source_file))) for file in there]
            for file in there:
                file.path.unlink(missing_ok=True)
            if done < total:
                left = (time.monotonic() - began_at) / done * (total - done)
                say(f"{done:,} of {total:,} objects are loaded; about {left / 60:,.0f} min to go.")

    def has_news(self, connection: duckdb.DuckDBPyConnection) -> bool:
        if not self._list(connection, lambda _: None, MOST_WATCHED):
            return True  # in doubt
        return (
            connection.execute("select 1 from unknown_objects where is_news limit 1").fetchone()
            is not None
        )

    def signature(self) -> str:
        digest = hashlib.sha256()
        listed = 0
        for page in self._bucket.pages():
            for entry in page:
                digest.update(f"{entry.key}\0{_signature(entry)}\n".encode())
            listed += len(page)
            if listed > MOST_WATCHED:
                raise BucketError(
                    f"{self._bucket.url} holds over {MOST_WATCHED:,} objects, which nobody lists "
                    "every few minutes: the line runs every night, or by `make build`."
                )
        return digest.hexdigest()

    @contextmanager
    def file(self, feed: str, source_file: str) -> Iterator[RawFile | None]:
        file = self._fetched(raw_object(feed, source_file, self._path(source_file), 0, ""))
        try:
            yield file
        finally:
            if file is not None:
                file.path.unlink(missing_ok=True)

    def put_back(self, file: RawFile) -> RawFile:
        size, _, etag = file.stat_signature.partition("/")
        entry = self._bucket.replace(Entry(file.source_file, int(size), etag), file.path)
        return _as_listed(file, entry)

    def _fetched(self, file: RawFile) -> RawFile | None:
        entry = self._bucket.fetch(file.source_file, file.path)
        return None if entry is None else _as_listed(file, entry)

    def _path(self, source_file: str) -> Path:
        assert self._links is not None
        # No key is a name of a file on every system.
        name = hashlib.sha256(source_file.encode(errors="surrogatepass")).hexdigest()
        return self._links / f"{name}.object"

    def _list(
        self, connection: duckdb.DuckDBPyConnection, say: Say, most: int | None = None
    ) -> bool:
        """Make `unknown_objects`; False: it holds over `most` objects, and was not listed whole.

        The listing is DuckDB's to keep, within its memory and on disk: it may be of millions.
        """
        import pyarrow as pa

        connection.execute(
            "create or replace temp table objects (feed varchar, source_file varchar, "
            "size_bytes bigint, stat_signature varchar)"
        )
        aside: dict[str, list[str]] = {}
        counts: dict[str, int] = {}
        known = row_count(connection, "raw.ingest_files")
        listed, said_at = 0, time.monotonic()
        for page in self._bucket.pages():
            rows = []
            for entry in page:
                feed, note = feed_or_note(entry.key)
                if note:
                    folder = (
                        entry.key.partition("/")[0] if "/" in entry.key else "Outside of folders"
                    )
                    told = aside.setdefault(folder, [])
                    if note not in told:
                        counts[folder] = counts.get(folder, 0) + 1
                        told += [note] if len(told) < MAX_NAMED else []
                elif feed:
                    rows.append((feed, entry.key, entry.size_bytes, _signature(entry)))
            if rows:
                columns = ("feed", "source_file", "size_bytes", "stat_signature")
                arrays = dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))
                connection.register("page_of_objects", pa.table(arrays))
                connection.execute("insert into objects from page_of_objects")
                connection.unregister("page_of_objects")
            listed += len(page)
            if most is not None and listed > most:
                return False
            if time.monotonic() - said_at > _SECONDS_BETWEEN_WORDS:
                say(f"Listed {listed:,} objects of {self._bucket.url}; {known:,} are known …")
                said_at = time.monotonic()
        self.notes = [note for told in aside.values() for note in told]
        self.notes += [
            f"{folder}: and {count - MAX_NAMED:,} more are not read."
            for folder, count in counts.items()
            if count > MAX_NAMED
        ]
        if not listed:
            self.notes.append(
                f"{self._bucket.url} holds no objects to load: put parquet, csv, jsonl or xlsx "
                "files below events/."
            )
        connection.execute(
            f"""
            create or replace temp table unknown_objects as
            select
                row_number() over (order by o.feed, o.source_file) as number,
                o.*,
                f.stat_signature is distinct from o.stat_signature as is_news
            from objects as o
            left join raw.ingest_files as f
                on o.feed = f.feed and o.source_file = f.source_file
            where f.stat_signature is distinct from o.stat_signature or f.status = '{FAILED}'
            """
        )
        return True

    def _next(self, connection: duckdb.DuckDBPyConnection, after: int) -> list[RawFile]:
        """The next objects that lie on this machine together; they are not fetched yet."""
        rows = connection.execute(
            "select feed, source_file, size_bytes, stat_signature from unknown_objects "
            f"where number > {after} order by number limit {FETCHED_FILES}"
        ).fetchall()
        files: list[RawFile] = []
        size = 0
        for feed, source_file, size_bytes, signature in rows:
            size += size_bytes
            if files and size > FETCHED_BYTES:
                break
            path = self._path(source_file)
            files.append(raw_object(feed, source_file, path, size_bytes, signature))
        return files


def hash_or_error(file: RawFile) -> str:
    """A file's content hash; the text of length 0 when it cannot be opened."""
    try:
        return content_hash(file.path)
    except UnreadableFileError:
        return ""


def _signature(entry: Entry) -> str:
    return f"{entry.size_bytes}/{entry.etag}"


def _as_listed(file: RawFile, entry: Entry) -> RawFile:
    return raw_object(file.feed, file.source_file, file.path, entry.size_bytes, _signature(entry))
