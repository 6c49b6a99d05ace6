"""Raw files written again without some of their rows, in place and in their own format.

What stays is copied byte by byte (of a parquet: row by row), and the new file takes the old
one's place by one rename.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import duckdb
import zstandard

from orchestration.defs.ingest import readers
from orchestration.defs.ingest.files import (
    CsvShape,
    RawFile,
    csv_shape,
    feed_of,
    head,
)

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
        start = head(file)
        with _reading(file) as old, _writing(new, file.compression) as out:
            kept = (
                _jsonl_without(_lines(old, start), numbers)
                if file.format == "jsonl"
                else _csv_without(_lines(old, start), csv_shape(start, feed_of(file.feed)),
                                  numbers, rows_in)
            )  # fmt: skip
            for line in kept:
                out.write(line)


def write_without_texts(file: RawFile, texts: Collection[str]) -> int:
    """Take every line that holds one of these texts out of a text file; return their number.

    For a file whose rows are out of step: more may go than has to, and nothing stays.
    """
    if file.format == "parquet":
        raise RowsOutOfStepError(file.source_file)
    words = b"|".join(re.escape(text.encode()) for text in sorted(texts))
    holds = re.compile(rb"(?<![\w])(?:" + words + rb")(?![\w])").search
    dropped = 0
    with (
        _replacing(file.path) as new,
        _reading(file) as old,
        _writing(new, file.compression) as out,
    ):
        for line in _lines(old, head(file)):
            if holds(line):
                dropped += 1
            else:
                out.write(line)
    return dropped


def _jsonl_without(lines: Iterable[bytes], numbers: Collection[int]) -> Iterator[bytes]:
    number = 0
    for number, line in enumerate(lines, start=1):
        if number not in numbers:
            yield line
    if max(numbers) > number:
        raise RowsOutOfStepError


def _csv_without(
    lines: Iterable[bytes], shape: CsvShape, numbers: Collection[int], rows_in: int
) -> Iterator[bytes]:
    pending: list[bytes] = []

    def texts() -> Iterator[str]:
        for line in lines:
            pending.append(line)
            yield line.decode("utf-8", errors="surrogateescape")

    csv.field_size_limit(readers.MAX_LINE_BYTES)
    number = -1  # the header is row 0
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


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, link: Path, new: Path, numbers: Collection[int]
) -> None:
    path = readers.literal(str(link))
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
        ) to {readers.literal(str(new))} (format parquet, compression {codec})
        """
    )


def _lines(stream: IO[bytes], start: bytes) -> Iterator[bytes]:
    """Physical lines with their ends; of an old Mac's file, whose lines end in CR, too."""
    if b"\n" in start or b"\r" not in start:
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
def _reading(file: RawFile) -> Iterator[IO[bytes]]:
    with file.path.open("rb") as raw:
        if file.compression == "gz":
            with gzip.GzipFile(fileobj=raw) as stream:
                yield stream  # type: ignore[misc]
        elif file.compression == "zst":
            reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
            with io.BufferedReader(reader) as stream:
                yield stream
        else:
            yield raw


@contextmanager
def _writing(path: Path, compression: str | None) -> Iterator[IO[bytes]]:
    with path.open("wb") as raw:
        if compression == "gz":
            # Without name and time: the same rows give the same bytes.
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as stream:
                yield stream  # type: ignore[misc]
        elif compression == "zst":
            with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as stream:
                yield stream  # type: ignore[misc]
        else:
            yield raw
