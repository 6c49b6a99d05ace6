"""Files that DuckDB does not read as they lie, written as plain UTF-8 for as long as it reads.

Another encoding than UTF-8, a zip, .bz2 or .xz, a JSON array or objects over many lines, a
workbook: each becomes a csv or a jsonl with the same rows, in a stream that holds little of it.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import IO

from orchestration.ingest import documents, workbooks
from orchestration.ingest.encodings import LABELS, UTF8
from orchestration.ingest.files import (
    CsvShape,
    RawFile,
    Text,
    UnreadableFileError,
    damage_told,
    inside,
    look,
    most_bytes,
    not_utf8,
    opened,
    too_large,
)

_CHUNK_BYTES = 1 << 20


class Kind(StrEnum):
    """What the rows of a file are."""

    LINES = "lines"  # of a csv or jsonl
    VALUES = "values"  # of JSON: elements of arrays, objects over many lines
    SHEET = "sheet"


@dataclass(frozen=True)
class Look:
    """What a look at a file shows: what it is, and how it has to be read.

    `file` is what is in a zip; its `format` is csv or jsonl, as its content says.
    """

    file: RawFile
    text: Text
    kind: Kind = Kind.LINES

    @property
    def is_foreign(self) -> bool:
        """Whether DuckDB does not read the file as it lies."""
        return (
            self.kind != Kind.LINES
            or self.text.encoding != UTF8
            or bool(self.file.members)
            or self.file.compression in ("bz2", "xz")
            # DuckDB (1.5.5) takes the quote behind a byte-order mark for a text's: it does not
            # find the header's end.
            or (self.text.has_mark and self.text.start.startswith('"'))
        )

    def notes(self, shape: CsvShape | None = None) -> tuple[str, ...]:
        """What was guessed, in sentences."""
        notes = []
        if len(self.file.members) == 1:
            notes.append(f"It is {self.file.members[0]} in a zip.")
        elif self.file.members:
            notes.append(f"It is {len(self.file.members):,} files of a zip.")
        if self.text.encoding in LABELS:
            notes.append(f"Read as {LABELS[self.text.encoding]}.")
        if self.kind == Kind.VALUES:
            notes.append("Read as JSON arrays, or objects over many lines: each object is a row.")
        if shape is not None and shape.has_sep:
            notes.append("Line 1 is Excel's sep=: passed over.")
        if shape is not None and shape.is_by_position:
            notes.append("It has no header: its fields are taken by their place.")
        elif shape is not None and shape.delimiter not in self.usual_delimiters:
            spelled = "the tab" if shape.delimiter == "\t" else f"'{shape.delimiter}'"
            notes.append(f"Its delimiter is {spelled}.")
        return tuple(notes)

    @property
    def usual_delimiters(self) -> str:
        return "\t" if ".tsv" in self.file.path.name.lower() else ","


def look_into(file: RawFile) -> Look:
    """Look at a file's beginning. Raises `UnreadableFileError` when it is none of ours."""
    if file.format == "xlsx":
        if file.compression is not None:
            raise UnreadableFileError(
                f"A workbook packed as .{file.compression} is not read: it packs its own "
                "contents. Unpack it."
            )
        start = "".join(_csv_lines(workbooks.start(file.path, file.feed)))
        return Look(replace(file, format="csv"), Text(start, UTF8, False), Kind.SHEET)
    file = inside(file)
    text = look(file)
    if file.format == "csv" and text.start.lstrip().startswith(("{", "[")):
        file = replace(file, format="jsonl")
    is_document = file.format == "jsonl" and documents.is_document(text.start)
    return Look(file, text, Kind.VALUES if is_document else Kind.LINES)


def write_plain(seen: Look, to: Path) -> tuple[str, ...]:
    """Write a foreign file as csv or jsonl in UTF-8; give what has to be said of it.

    Raises `UnreadableFileError` when it cannot be read to its end, and `OSError` when the new
    file cannot be written.
    """
    notes: list[str] = []
    if seen.kind == Kind.SHEET:
        pieces = _csv_lines(workbooks.rows(seen.file.path, seen.file.feed, notes))
    else:
        pieces = decoded(seen.file, seen.text.encoding)
        if seen.kind == Kind.VALUES:
            pieces = (documents.one_line(value) + "\n" for value in documents.values(pieces))
    size, most = 0, most_bytes(seen.file.size_bytes)
    # "x": never through a link, into the raw file itself.
    with to.open("xb") as out:
        for piece in pieces:
            size += out.write(piece.encode(errors="replace"))
            if size > most:
                raise UnreadableFileError(too_large(seen.file.size_bytes))
    return tuple(notes)


def decoded(file: RawFile, encoding: str) -> Iterator[str]:
    """A file's text in pieces, without a byte-order mark."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    is_first = True
    with damage_told(), opened(file) as stream:
        for chunk in _chunks(stream):
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(encoding, errors="ignore")
                raise UnreadableFileError(not_utf8(line + before.count("\n"))) from error
            line += text.count("\n")
            if text:
                yield text.removeprefix("\ufeff") if is_first else text
                is_first = False


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """All that there is, and at last nothing."""
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk
    yield b""


def _csv_lines(rows: Iterable[list[str]]) -> Iterator[str]:
    class Lines(list[str]):
        write = list.append

    lines = Lines()
    writer = csv.writer(lines, lineterminator="\n")
    for row in rows:
        if any(row):
            writer.writerow(row)
        else:
            lines.append("\n")
        yield from lines
        lines.clear()
