"""Raw files written again without some of their rows, in place and in their own format.

What stays is copied byte by byte (of a parquet: row by row), and the new file takes the old
one's place by one rename.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import re
import shutil
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import duckdb
import zstandard

from orchestration.ingest import documents, readers, workbooks
from orchestration.ingest.encodings import ENCODINGS, UTF8
from orchestration.ingest.files import (
    CsvShape,
    RawFile,
    Text,
    UnreadableFileError,
    feed_of,
    inside,
    opened,
    shape_of,
)
from orchestration.ingest.plain import Kind, Look, decoded, look_into
from orchestration.store.sql import literal

_NUMBER = "yunying_row_number"
_PARQUET_CODECS = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "BROTLI", "LZ4_RAW"}


class RowsOutOfStepError(Exception):
    """The file's rows are not those that were loaded: they cannot be told by number."""


def write_without_rows(
    connection: duckdb.DuckDBPyConnection,
    file: RawFile,
    numbers: Collection[int],
    rows_in: int,
    link: Path,
) -> None:
    """Take the rows of these numbers (as the raw table has them) out of a file.

    `rows_in` is how many were loaded of it; `link` a path for a symlink, without quotes or
    glob characters. Raises `RowsOutOfStepError` when the file's rows are others by now, and
    `OSError` when the folder cannot be written to.
    """
    with _replacing(file.path) as new:
        if file.format == "parquet":
            link.symlink_to(file.path.resolve())
            _write_parquet(connection, link, new, numbers)
            return
        seen = look_into(file)
        if seen.kind == Kind.SHEET:
            workbooks.write_without(file.path, file.feed, new, lambda at, _: at in numbers)
            return
        if seen.kind == Kind.VALUES:
            _write_values(seen, new, lambda at, _: at in numbers)
            return
        with opened(seen.file) as old, _writing(new, seen.file) as out:
            lines = _lines(old, seen)
            encoding = seen.text.encoding
            kept = (
                _jsonl_without(lines, encoding, numbers)
                if seen.file.format == "jsonl"
                else _csv_without(
                    lines,
                    encoding,
                    shape_of(feed_of(file.feed), seen.text.start),
                    numbers,
                    rows_in,
                )
            )
            for line in kept:
                out.write(line)


def holding(texts: Collection[str]) -> Callable[[bytes], object]:
    """Whether bytes hold one of these texts as a word, in any encoding that files are read in."""
    words = {text.encode(encoding, "replace") for text in texts for encoding in ENCODINGS}
    listed = b"|".join(re.escape(word) for word in sorted(words))
    return re.compile(rb"(?<!\w)(?:" + listed + rb")(?!\w)").search


def write_without_texts(file: RawFile, texts: Collection[str]) -> int:
    """Take every line that holds one of these texts out of a file; return their number.

    For a file whose rows are out of step: more may go than has to, and nothing stays.
    """
    if file.format == "parquet":
        raise RowsOutOfStepError(file.source_file)
    holds = holding(texts)
    dropped = 0

    def goes(_: int, text: str) -> bool:
        nonlocal dropped
        is_dropped = bool(holds(text.encode(errors="replace")))
        dropped += is_dropped
        return is_dropped

    with _replacing(file.path) as new:
        try:
            seen = look_into(file)
            if seen.kind == Kind.SHEET:
                workbooks.write_without(file.path, file.feed, new, goes)
                return dropped
            if seen.kind == Kind.VALUES:
                _write_values(seen, new, goes)
                return dropped
        except UnreadableFileError:
            seen = _lines_at_least(file)
            dropped = 0
        with opened(seen.file) as old, _writing(new, seen.file) as out:
            for line in _lines(old, seen):
                if holds(line):
                    dropped += 1
                else:
                    out.write(line)
    return dropped


def _lines_at_least(file: RawFile) -> Look:
    """A file that is no text of ours, or no JSON, as lines all the same."""
    file = inside(file)
    if file.format == "xlsx":
        raise RowsOutOfStepError(file.source_file)
    with opened(file) as stream:
        return Look(file, Text(stream.read(1 << 16).decode("latin-1"), UTF8, False))


def _write_values(seen: Look, new: Path, goes: Callable[[int, str], bool]) -> None:
    """Write the values of a JSON text that stay as one array."""
    encoding = seen.text.encoding
    values = documents.values(decoded(seen.file, encoding))
    kept = (value for at, value in enumerate(values, start=1) if not goes(at, value))
    with _writing(new, seen.file) as out:
        first = next(kept, None)
        out.write(("[\n" + (first or "")).encode(encoding))
        for value in kept:
            out.write((",\n" + value).encode(encoding))
        out.write("\n]\n".encode(encoding))


def _jsonl_without(
    lines: Iterable[bytes], encoding: str, numbers: Collection[int]
) -> Iterator[bytes]:
    number = 0
    for line in lines:
        # As `readers.OPEN_ARRAYS` numbers them.
        opened_values = _elements(line, encoding)
        if opened_values is None:
            number += 1
            if number not in numbers:
                yield line
            continue
        places = range(number + 1, number + 1 + len(opened_values))
        number += len(opened_values)
        kept = [value for at, value in zip(places, opened_values, strict=True) if at not in numbers]
        if len(kept) == len(opened_values):
            yield line
        elif kept:
            yield ("[" + ",".join(kept) + "]\n").encode(encoding)
    if max(numbers) > number:
        raise RowsOutOfStepError


def _elements(line: bytes, encoding: str) -> list[str] | None:
    """The elements of a line that is a JSON array of objects; None: it is none."""
    if not line.startswith("[".encode(encoding)):
        return None
    try:
        text = line.decode(encoding)
        json.loads(text, parse_int=str, parse_float=str)
        elements = list(documents.values([text], levels=1))
        return elements if elements and elements[0].startswith("{") else None
    except (ValueError, RecursionError):
        return None


def _csv_without(
    lines: Iterable[bytes],
    encoding: str,
    shape: CsvShape,
    numbers: Collection[int],
    rows_in: int,
) -> Iterator[bytes]:
    if shape.is_by_position:
        yield from _lines_without(lines, numbers, rows_in)
        return
    pending: list[bytes] = []

    def texts() -> Iterator[str]:
        mark = "\ufeff"
        for line in lines:
            pending.append(line)
            yield line.decode(encoding, errors="surrogateescape").removeprefix(mark)
            mark = ""

    csv.field_size_limit(readers.MAX_LINE_BYTES)
    # The header is row 0, and Excel's line above it no row.
    number = -1 - shape.has_sep
    try:
        for record in csv.reader(texts(), delimiter=shape.delimiter):
            number += bool(record)
            if not record or number not in numbers:
                yield from pending
            pending.clear()
    except csv.Error as error:
        raise RowsOutOfStepError from error
    if max(number, 0) != rows_in:
        raise RowsOutOfStepError


def _lines_without(
    lines: Iterable[bytes], numbers: Collection[int], rows_in: int
) -> Iterator[bytes]:
    number = 0
    for line in lines:
        is_row = bool(line.strip(b" \t\r\n"))
        number += is_row
        if not is_row or number not in numbers:
            yield line
    if number != rows_in:
        raise RowsOutOfStepError


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, link: Path, new: Path, numbers: Collection[int]
) -> None:
    path = literal(str(link))
    found = connection.execute(
        f"select any_value(compression) from parquet_metadata({path})"
    ).fetchone()
    codec = found[0] if found and found[0] in _PARQUET_CODECS else "ZSTD"
    connection.execute("set preserve_insertion_order = true")
    listed = ", ".join(str(number) for number in numbers)
    connection.execute(
        f"""
        copy (
            select * exclude ({_NUMBER})
            from (
                select *, row_number() over () as {_NUMBER}
                from read_parquet({path}, hive_partitioning = false)
            )
            where {_NUMBER} not in ({listed})
        ) to {literal(str(new))} (format parquet, compression {codec})
        """
    )


def _lines(stream: IO[bytes], seen: Look) -> Iterator[bytes]:
    """Physical lines with their ends; of an old Mac's file, whose lines end in CR, too."""
    encoding, start = seen.text.encoding, seen.text.start
    if encoding.startswith("utf-16"):
        texts = io.TextIOWrapper(stream, encoding, errors="surrogatepass", newline="")
        yield from (text.encode(encoding, "surrogatepass") for text in texts)
        return
    if "\n" in start or "\r" not in start:
        yield from stream
        return
    rest = b""
    while chunk := stream.read(1 << 20):
        *whole, rest = (rest + chunk).split(b"\r")
        yield from (line + b"\r" for line in whole)
    if rest:
        yield rest


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A new file that takes the place of the one that the path leads to, once it is whole."""
    target = path.resolve()
    # A name with a dot in front is no raw file, should this be killed.
    new = target.with_name(f".{target.name}.new")
    try:
        yield new
        shutil.copymode(target, new)
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path, file: RawFile) -> Iterator[IO[bytes]]:
    """A new file, packed as the old one is."""
    with path.open("wb") as raw:
        if file.members:
            # Several become one: what a zip packs need not be packed in it.
            name = file.members[0].removesuffix(".gz")
            with (
                zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive,
                archive.open(name, "w", force_zip64=True) as stream,
            ):
                yield stream
        elif file.compression == "gz":
            # Without name and time: the same rows give the same bytes.
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as stream:
                yield stream  # type: ignore[misc]
        elif file.compression == "zst":
            with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as stream:
                yield stream  # type: ignore[misc]
        elif file.compression == "bz2":
            with bz2.BZ2File(raw, "wb") as stream:
                yield stream  # type: ignore[misc]
        elif file.compression == "xz":
            with lzma.LZMAFile(raw, "wb") as stream:
                yield stream  # type: ignore[misc]
        else:
            yield raw
