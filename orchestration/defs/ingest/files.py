"""What lies in the raw folder: which files, of which feed and format, and whether whole.

Bytes pass through Python here, to be hashed and their compression checked (DuckDB reads a
truncated .gz or .zst up to the cut without a word). Rows never do.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import zstandard

from orchestration.defs.ingest.feeds import FEEDS_BY_NAME, RESERVED_NAMES, Feed

FORMATS = ("parquet", "csv", "jsonl")
COMPRESSIONS = ("gz", "zst")
_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 1 << 18
_DELIMITERS = (",", ";", "\t", "|")
_MARKUP_STARTS = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class UnreadableFileError(ValueError):
    """A file that cannot be loaded; the message is what its ledger row says."""


@dataclass(frozen=True)
class RawFile:
    """A file below the raw folder, as a listing of the folder shows it."""

    feed: str
    source_file: str
    path: Path
    format: str
    compression: str | None
    size_bytes: int
    stat_signature: str


@dataclass(frozen=True)
class Listing:
    """The files of all feeds, and sentences about what was left aside."""

    files: tuple[RawFile, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CsvShape:
    """How a csv is cut: its delimiter and the names in its header, made unique.

    `header_rows` and `header_lines` are what stands before the first row of data: blank lines
    above the header count, and so do line breaks in a quoted name (as lines, not as rows).
    """

    delimiter: str
    names: tuple[str, ...]
    header_rows: int = 1
    header_lines: int = 1


def list_raw_files(raw_dir: Path) -> Listing:
    """List the files of every feed folder, in order of feed and path.

    A feed is a folder directly below `raw_dir`, named without regard to case. Names that
    start with a dot and `_temporary` folders (half-written output of Spark) are left out.
    """
    if not raw_dir.is_dir():
        return Listing((), (f"The raw folder {raw_dir} does not exist: nothing to load.",))
    files: list[RawFile] = []
    notes: list[str] = []
    for entry in sorted(os.scandir(raw_dir), key=lambda item: item.name):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            if format_of(entry.name) is not None:
                notes.append(f"{entry.name} lies in no feed's folder: move it into one.")
            continue
        feed = entry.name.lower()
        if feed in RESERVED_NAMES:
            notes.append(f"The folder {entry.name} is not read: raw.{feed} is a table of ours.")
            continue
        skipped = 0
        for path in _walk(Path(entry.path)):
            kind = format_of(path.name)
            if kind is None:
                skipped += 1
                continue
            try:
                files.append(_raw_file(raw_dir, feed, path, kind))
            except FileNotFoundError:
                continue  # gone between listing and looking
            except UnicodeEncodeError:
                notes.append(f"{path!a} is not read: its name is not UTF-8. Rename it.")
        if skipped:
            notes.append(
                f"{entry.name}: {skipped} file(s) are no parquet, csv or jsonl: left aside."
            )
    if not files:
        notes.append(
            f"The raw folder {raw_dir} holds no files to load: put parquet, csv or jsonl files "
            "into its folder events."
        )
    return Listing(tuple(files), tuple(notes))


def format_of(name: str) -> tuple[str, str | None] | None:
    """`(format, compression)` that a file name stands for; None when it is none of ours."""
    parts = name.lower().split(".")
    compression = parts.pop() if parts[-1] in COMPRESSIONS else None
    return (parts[-1], compression) if len(parts) > 1 and parts[-1] in FORMATS else None


def _walk(folder: Path) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    for directory, folders, names in os.walk(folder, followlinks=True):
        status = Path(directory).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link that leads back up
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name != "_temporary"
        )
        yield from (Path(directory, name) for name in sorted(names) if not name.startswith("."))


def _raw_file(raw_dir: Path, feed: str, path: Path, kind: tuple[str, str | None]) -> RawFile:
    source_file = path.relative_to(raw_dir).as_posix()
    source_file.encode()
    status = path.stat()
    return RawFile(
        feed=feed,
        source_file=source_file,
        path=path,
        format=kind[0],
        compression=kind[1],
        size_bytes=status.st_size,
        stat_signature=_signature(status),
    )


def look_again(file: RawFile) -> RawFile:
    """The file as it lies there now."""
    status = file.path.stat()
    return replace(file, size_bytes=status.st_size, stat_signature=_signature(status))


def _signature(status: os.stat_result) -> str:
    return f"{status.st_size}/{status.st_mtime_ns}/{status.st_ctime_ns}/{status.st_ino}"


def content_hash(path: Path) -> str:
    """Hash of a file's bytes. Raises `UnreadableFileError` when they cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFileError(f"The file cannot be opened: {error.strerror}.") from error


def check_whole(file: RawFile) -> None:
    """Raise `UnreadableFileError` when a compressed file is cut off or damaged."""
    if file.compression is None or file.size_bytes == 0:
        return
    try:
        with file.path.open("rb") as stream:
            if file.compression == "gz":
                _check_gzip(stream)
            else:
                _check_zstandard(stream)
    except OSError as error:
        raise UnreadableFileError(f"The file cannot be opened: {error.strerror}.") from error


def _check_gzip(stream: io.BufferedReader) -> None:
    inflater = zlib.decompressobj(wbits=31)
    pending = stream.read(_CHUNK_BYTES)
    try:
        while pending:
            inflater.decompress(pending, _CHUNK_BYTES)
            if inflater.eof:
                pending = inflater.unused_data or stream.read(_CHUNK_BYTES)
                if pending:
                    inflater = zlib.decompressobj(wbits=31)
            else:
                pending = inflater.unconsumed_tail or stream.read(_CHUNK_BYTES)
    except zlib.error as error:
        raise UnreadableFileError(
            f"The file is damaged or is no gzip file ({error}). Deliver it again."
        ) from error
    if not inflater.eof:
        raise UnreadableFileError("The file is cut off: its gzip end is missing. Deliver it again.")


def _check_zstandard(stream: io.BufferedReader) -> None:
    def inflate() -> zstandard.ZstdDecompressionObj:
        return zstandard.ZstdDecompressor().decompressobj()

    inflater = inflate()
    pending = stream.read(_CHUNK_BYTES // 8)
    try:
        while pending:
            inflater.decompress(pending)
            pending = (inflater.unused_data if inflater.eof else b"") or stream.read(
                _CHUNK_BYTES // 8
            )
            if inflater.eof and pending:
                inflater = inflate()
    except zstandard.ZstdError as error:
        raise UnreadableFileError(
            f"The file is damaged or is no zstd file ({error}). Deliver it again."
        ) from error
    if not inflater.eof:
        raise UnreadableFileError("The file is cut off: its zstd end is missing. Deliver it again.")


def head(file: RawFile) -> bytes:
    """The first bytes of a file's text, decompressed; enough to see what it is."""
    if file.size_bytes == 0:
        return b""
    try:
        with file.path.open("rb") as stream:
            if file.compression == "gz":
                return gzip.GzipFile(fileobj=stream).read(_HEAD_BYTES)
            if file.compression == "zst":
                reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
                return reader.read(_HEAD_BYTES)
            return stream.read(_HEAD_BYTES)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise UnreadableFileError(f"The file cannot be read: {error}.") from error


def refuse_foreign_text(start: bytes) -> None:
    """Raise `UnreadableFileError` when a text file's first bytes are no UTF-8 data."""
    if start.startswith(_UTF16_MARKS):
        raise UnreadableFileError("The file is in UTF-16. Save it as UTF-8.")
    if b"\0" in start[:200] and start[:200].count(b"\0") * 3 >= len(start[:200]):
        raise UnreadableFileError("The file is in UTF-16 or binary. Save it as UTF-8 text.")
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower().startswith(_MARKUP_STARTS):
        raise UnreadableFileError(
            "The file holds a web page (HTML), not data: the download was an error page or a "
            "login. Deliver it again."
        )


def has_crlf(start: bytes) -> bool:
    """Whether lines end in CR LF, as Windows writes them."""
    return b"\r\n" in start


def csv_shape(start: bytes, feed: Feed | None) -> CsvShape:
    """Read a csv's header: the delimiter that finds most of the feed's columns wins, then the
    first of comma, semicolon, tab and bar that parts it at all.

    Names are trimmed; a name that stands there twice (case apart) gets `_2`, `_3` …, an empty
    one `column_<n>`. Raises `UnreadableFileError` when none of the feed's columns is there.
    """
    try:
        text = start.decode("utf-8-sig", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(start) - 4:
            raise UnreadableFileError(not_utf8(start[: error.start].count(b"\n") + 1)) from error
        text = start[: error.start].decode("utf-8-sig")
    best: tuple[tuple[int, bool], CsvShape] | None = None
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = 1
        try:
            while not (row := next(reader, None)) and row is not None:
                rows += 1
        except csv.Error:
            continue
        names = _unique([name.strip() for name in row or []])
        known = 0 if feed is None else len(_declared(feed) & {name.lower() for name in names})
        rank = (known, len(names) > 1)
        if best is None or rank > best[0]:
            best = (rank, CsvShape(delimiter, names, rows, reader.line_num))
    if best is None:
        raise UnreadableFileError("The first line is no csv header.")
    if feed is not None and best[0][0] == 0:
        raise UnreadableFileError(no_known_column(feed, best[1].names))
    return best[1]


def _declared(feed: Feed) -> set[str]:
    return {*feed.column_names, "properties"}


def _unique(names: list[str]) -> tuple[str, ...]:
    taken: set[str] = set()
    unique = []
    for position, name in enumerate(names, start=1):
        base = candidate = name or f"column_{position}"
        number = 1
        while candidate.lower() in taken:
            number += 1
            candidate = f"{base}_{number}"
        taken.add(candidate.lower())
        unique.append(candidate)
    return tuple(unique)


def not_utf8(line: int | None) -> str:
    """What to say of a file in another encoding; `line` is the first that shows it."""
    where = "" if line is None else f" (line {line} shows it)"
    return f"The file is not UTF-8{where}. Save it as UTF-8."


def no_known_column(feed: Feed, names: tuple[str, ...]) -> str:
    """What to say of a file none of whose columns the feed knows."""
    found = ", ".join(name[:40] for name in names[:8])
    return (
        f"None of the columns of {feed.name} is in the file. It has: {found}. "
        f"It needs some of: {', '.join(feed.column_names[:6])} …"
    )


def feed_of(name: str) -> Feed | None:
    """The declared feed of that name; None for a source's own log."""
    return FEEDS_BY_NAME.get(name)
