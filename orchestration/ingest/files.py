"""What lies in the raw folder: which files, of which feed and format, and whether whole.

Bytes pass through Python here, to be hashed and their compression checked (DuckDB reads a
truncated .gz or .zst up to the cut without a word). Rows never do.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import zstandard

from orchestration.ingest.encodings import UTF8, encoding_of
from orchestration.ingest.feeds import FEEDS_BY_NAME, RESERVED_NAMES, Feed

FORMATS = {
    **dict.fromkeys(("parquet", "parq", "pq"), "parquet"),
    **dict.fromkeys(("csv", "tsv", "txt", "log"), "csv"),
    **dict.fromkeys(("jsonl", "ndjson", "json"), "jsonl"),
    "xlsx": "xlsx",
}
"""What is read, by the ends of names. A csv may turn out to be JSON by what is in it."""
_DATED = re.compile(r"\d{4}-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])[\d_-]*")
"""How the name of a log ends that is begun anew each day or hour: service_log.20240301."""
COMPRESSIONS = ("gz", "zst", "bz2", "xz")
_PACKED_WITHIN = ("sz", "lz4", "br")
"""Further ends of names of a parquet, by what packs its pages, as some programs write them."""
UNPACK = "unpack it, or pack each file as .gz"
_NOT_READ = {
    **dict.fromkeys(("7z", "rar", "tar", "tgz", "tbz2", "txz"), UNPACK),
    **dict.fromkeys(("lz4", "sz", "snappy", "br", "z", "lzo"), "pack it as .gz or .zst"),
    **dict.fromkeys(
        ("xls", "xlsm", "xlsb", "ods", "numbers", "et"), "save it as .xlsx or as CSV UTF-8"
    ),
    **dict.fromkeys(("avro", "orc", "feather", "arrow"), "write it as parquet"),
    **dict.fromkeys(("db", "sqlite", "duckdb", "sql", "dump"), "export its rows as parquet or csv"),
    **dict.fromkeys(("xml", "html", "htm", "yaml", "yml"), "export it as csv or jsonl"),
}
"""What holds data and is not read, with the mend."""
_MARKERS = re.compile(r"_(SUCCESS|started|committed|metadata|common_metadata)")
"""Names of files without rows that Spark and its like leave beside the data."""
MAX_NAMED = 20
"""Files of a feed that are left aside by name; the others by number."""
MAX_UNPACKED_BYTES = 4 << 30
MAX_RATIO = 100
"""What a file may unpack to that has to be unpacked on disk (.zip, .bz2, .xz, .xlsx, another
encoding, a JSON array): so many bytes, or so many times its size. What is read as it lies (.gz,
.zst) has no such limit."""
_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 1 << 18
_DELIMITERS = (",", ";", "\t", "|", "，", "；", "｜")
_MARKUP_STARTS = ("<!doctype", "<html", "<head", "<body", "<?xml", "<!--")
_SEP = re.compile(r'("?)sep=(.?)\1[ \t]*(?:\r\n|\n|\r|$)', re.IGNORECASE)
"""The line by which Excel tells itself the delimiter."""
READING_ERRORS = (
    EOFError,
    OSError,
    RuntimeError,  # an encrypted zip
    NotImplementedError,  # a zip packed in a way of its own
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
    zstandard.ZstdError,
)
"""What reading a damaged file raises."""


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
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Text:
    """How a text file begins, decoded, and in which encoding all of it is."""

    start: str
    encoding: str
    has_mark: bool

    @property
    def is_blank(self) -> bool:
        return not self.start.strip()

    @property
    def has_crlf(self) -> bool:
        """Whether lines end in CR LF, as Windows writes them."""
        return "\r\n" in self.start


@dataclass(frozen=True)
class Listing:
    """The files of all feeds, and sentences about what was left aside."""

    files: tuple[RawFile, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CsvShape:
    """How a csv is cut: its delimiter and the names in its header, made unique.

    `header_rows` and `header_lines` are what stands before the first row of data: blank lines
    above the header count, and so do line breaks in a quoted name (as lines, not as rows), and
    Excel's line `sep=` (`has_sep`). `is_by_position`: there is no header, and there are no quotes.
    """

    delimiter: str
    names: tuple[str, ...]
    header_rows: int = 1
    header_lines: int = 1
    has_sep: bool = False
    is_by_position: bool = False


def list_raw_files(raw_dir: Path) -> Listing:
    """List the files of every feed folder, in order of feed and path.

    A feed is a folder directly below `raw_dir`, named without regard to case. Names that
    start with a dot and `_temporary` folders (half-written output of Spark) are left out, and
    so are the markers of Spark. Whatever else is not read is named, with the mend.
    """
    if not raw_dir.is_dir():
        return Listing((), (f"The raw folder {raw_dir} does not exist: nothing to load.",))
    files: list[RawFile] = []
    notes: list[str] = []
    try:
        entries = sorted(os.scandir(raw_dir), key=lambda item: item.name)
    except OSError as error:
        return Listing((), (f"The raw folder {raw_dir} is not read: {error.strerror}.",))
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if not Path(entry.path).is_dir():
            if entry.is_symlink() and not Path(entry.path).exists():
                notes.append(_of_a_link(entry.name, Path(entry.path)))
            elif note := feed_or_note(entry.name)[1]:
                notes.append(note)
            continue
        feed = entry.name.lower()
        if feed in RESERVED_NAMES:
            notes.append(_reserved(entry.name))
            continue
        aside: list[str] = []
        for path in _walk(Path(entry.path), raw_dir, aside):
            name = path.relative_to(raw_dir).as_posix()
            mend = None if _format(feed, path.name) else _not_read(path.name)
            try:
                name.encode()
                status = path.stat()
                if not stat.S_ISREG(status.st_mode):
                    aside.append(f"{name} is not read: it is no file.")
                elif mend is not None:
                    if not _MARKERS.match(path.name):
                        aside.append(f"{name} is not read: {mend}.")
                else:
                    files.append(raw_file(feed, name, path, status))
            except UnicodeEncodeError:
                aside.append(f"{path!a} is not read: its name is not UTF-8. Rename it.")
            except OSError as error:
                if path.is_symlink():
                    aside.append(_of_a_link(name, path))
                elif not isinstance(error, FileNotFoundError):  # gone since it was listed
                    aside.append(f"{name} is not read: {error.strerror}.")
        notes += aside[:MAX_NAMED]
        if len(aside) > MAX_NAMED:
            notes.append(f"{entry.name}: and {len(aside) - MAX_NAMED:,} more are not read.")
    if not files:
        notes.append(
            f"The raw folder {raw_dir} holds no files to load: put parquet, csv, jsonl or xlsx "
            "files into its folder events."
        )
    return Listing(tuple(files), tuple(notes))


_STRANGE = (
    "its name ends in none of .parquet, .csv, .tsv, .txt, .log, .jsonl, .ndjson, .json, .xlsx. If "
    "it holds rows, deliver them as one of those; if not, take it out"
)


def _not_read(name: str) -> str | None:
    """Why a file of that name is not read, with the mend; None: it is."""
    if format_of(name) is not None:
        return None
    parts = name.lower().split(".")[1:]
    for ending in reversed(parts[-2:]):
        if ending in _NOT_READ:
            return _NOT_READ[ending]
    return _STRANGE


def _of_a_link(name: str, path: Path) -> str:
    return (
        f"{name} is not read: it is a link to {path.readlink()}, which is not there or leads "
        "back to itself. Mend the link, or take it out."
    )


def format_of(name: str, is_text: bool = False) -> tuple[str, str | None] | None:
    """`(format, compression)` that a file name stands for; None when it is none of ours.

    Of a zip the format is that of what is in it, which `inside` looks up: here "zip". `is_text`:
    what has no ending is text.
    """
    parts = name.lower().split(".")
    if len(parts) > 1 and parts[-1] == "zip":
        return "zip", None
    is_parquet = FORMATS.get(parts[-2]) == "parquet" if len(parts) > 2 else False
    is_packed = parts[-1] in COMPRESSIONS or (is_parquet and parts[-1] in _PACKED_WITHIN)
    compression = parts.pop() if is_packed else None
    has_ending = len(parts) > 1
    if has_ending and _DATED.fullmatch(parts[-1]):
        parts.pop()
        parts += [] if parts[-1] in FORMATS.keys() | _NOT_READ.keys() else ["log"]
    known = FORMATS.get(parts[-1]) if has_ending else "csv" if is_text else None
    return (known, compression) if known else None


def _walk(folder: Path, raw_dir: Path, aside: list[str]) -> Iterator[Path]:
    """The files below a folder; what stands in the way goes to `aside`."""
    seen: set[tuple[int, int]] = set()

    def refuse(error: OSError) -> None:
        name = Path(error.filename).relative_to(raw_dir).as_posix()
        aside.append(f"The folder {name} is not read: {error.strerror}. Mend its rights.")

    for directory, folders, names in os.walk(folder, followlinks=True, onerror=refuse):
        status = Path(directory).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link that leads back up
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name != "_temporary"
        )
        yield from (Path(directory, name) for name in sorted(names) if not name.startswith("."))


def raw_file(feed: str, source_file: str, path: Path, status: os.stat_result) -> RawFile:
    return raw_object(feed, source_file, path, status.st_size, _signature(status))


def raw_object(feed: str, source_file: str, path: Path, size: int, signature: str) -> RawFile:
    """The file of that name, whose bytes lie at `path`, or are to."""
    kind = _format(feed, source_file.rsplit("/", 1)[-1])
    assert kind is not None
    format, compression = kind
    if format == "parquet" and compression is not None and _is_parquet(path):
        compression = None
    return RawFile(feed, source_file, path, format, compression, size, signature)


def _format(feed: str, name: str) -> tuple[str, str | None] | None:
    known = feed_of(feed)
    return format_of(name, known is not None and known.by_position)


def feed_or_note(key: str) -> tuple[str, str]:
    """The feed of an object, by its key below the raw folder, or why it is not read.

    As of files: what is left out without a word has neither.
    """
    *folders, name = key.split("/")
    hidden = any(part.startswith(".") for part in (*folders, name)) or "_temporary" in folders
    if hidden or not name or _MARKERS.match(name):  # without a name: the mark of a folder
        return "", ""
    feed = folders[0].lower() if folders else ""
    mend = None if _format(feed, name) else _not_read(name)
    if not folders or not folders[0]:
        return "", "" if mend == _STRANGE else f"{key} lies in no feed's folder: move it into one."
    if feed in RESERVED_NAMES:
        return "", _reserved(folders[0])
    return ("", f"{key} is not read: {mend}.") if mend else (feed, "")


def _reserved(folder: str) -> str:
    return f"The folder {folder} is not read: raw.{folder.lower()} is a table of ours."


def _is_parquet(path: Path) -> bool:
    """Whether a file is a parquet as it lies, which packs its pages by itself."""
    if not path.exists():  # not fetched yet
        return False
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def inside(file: RawFile) -> RawFile:
    """Of a zip what is in it, as its format says: one file, or JSON lines in several, which stand
    one behind the other; any other file as it is.

    Raises `UnreadableFileError` when the zip holds something else, or too much.
    """
    if file.format != "zip" or file.members:
        return file
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = [
                member
                for member in archive.infolist()
                if not member.is_dir()
                and not member.filename.startswith("__MACOSX/")
                and not member.filename.rsplit("/", 1)[-1].startswith(".")
            ]
    except READING_ERRORS as error:
        raise UnreadableFileError(
            f"The file is damaged or is no zip file ({error}). Deliver it again."
        ) from error
    kinds = [format_of(member.filename.rsplit("/", 1)[-1]) for member in members]
    are_lines = all(kind in (("jsonl", None), ("jsonl", "gz")) for kind in kinds)
    if len(members) != 1 and not (members and are_lines):
        raise UnreadableFileError(
            f"The zip holds {len(members):,} files, and is read where it holds one, or JSON lines "
            f"alone: {UNPACK}."
        )
    if not are_lines and kinds != [("csv", None)]:
        raise UnreadableFileError(
            f"The zip holds {members[0].filename[:80]}, and is read where that is csv, jsonl or "
            f"json: {UNPACK}."
        )
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableFileError(f"The zip is encrypted: {UNPACK}.")
    if sum(member.file_size for member in members) > most_bytes(file.size_bytes):
        raise UnreadableFileError(too_large(file.size_bytes))
    names = tuple(sorted(member.filename for member in members))
    return replace(file, format="jsonl" if are_lines else "csv", members=names)


def most_bytes(size: int) -> int:
    """What a file of that size may unpack to."""
    return max(MAX_UNPACKED_BYTES, MAX_RATIO * size)


def too_large(size: int) -> str:
    """What to say of a file of that size that unpacks to more."""
    return (
        f"The file unpacks to over {most_bytes(size) / 1e9:,.1f} GB, which is the most that one of "
        "its size may: write it as UTF-8 csv, jsonl or parquet, packed as .gz or not."
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
    check = {"gz": _check_gzip, "zst": _check_zstandard}.get(file.compression or "")
    if check is None or file.size_bytes == 0:  # .bz2 and .xz tell by themselves
        return
    try:
        with file.path.open("rb") as stream:
            check(stream)
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


class _Members(io.RawIOBase):
    """The files of a zip, packed as .gz or not, one behind the other, each from a new line on."""

    def __init__(self, archive: zipfile.ZipFile, names: Iterable[str]) -> None:
        self.chunks = self._chunks(archive, names)
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        view = memoryview(into)
        self.rest = self.rest or next(self.chunks, b"")
        taken, self.rest = self.rest[: len(view)], self.rest[len(view) :]
        view[: len(taken)] = taken
        return len(taken)

    @staticmethod
    def _chunks(archive: zipfile.ZipFile, names: Iterable[str]) -> Iterator[bytes]:
        last = b"\n"
        for name in names:
            with archive.open(name) as packed:
                stream = gzip.GzipFile(fileobj=packed) if name.lower().endswith(".gz") else packed
                if not last.endswith(b"\n"):
                    yield b"\n"
                while chunk := stream.read(_CHUNK_BYTES):
                    yield chunk
                    last = chunk


@contextmanager
def opened(file: RawFile) -> Iterator[IO[bytes]]:
    """A file's bytes, decompressed."""
    with file.path.open("rb") as raw:
        if file.members:
            with (
                zipfile.ZipFile(raw) as archive,
                io.BufferedReader(_Members(archive, file.members), _CHUNK_BYTES) as stream,
            ):
                yield stream
        elif file.compression == "gz":
            with gzip.GzipFile(fileobj=raw) as stream:
                yield stream  # type: ignore[misc]
        elif file.compression == "zst":
            reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
            with io.BufferedReader(reader) as stream:
                yield stream
        elif file.compression == "bz2":
            with bz2.BZ2File(raw) as stream:
                yield stream  # type: ignore[misc]
        elif file.compression == "xz":
            with lzma.LZMAFile(raw) as stream:
                yield stream  # type: ignore[misc]
        else:
            yield raw


@contextmanager
def damage_told() -> Iterator[None]:
    """Raise what reading a damaged file raises as `UnreadableFileError`."""
    try:
        yield
    except READING_ERRORS as error:
        raise UnreadableFileError(
            f"The file cannot be read: {error}. It is damaged, cut off, or has another format "
            "than its name says. Deliver it again."
        ) from error


def look(file: RawFile) -> Text:
    """Look at a text file's beginning. Raises `UnreadableFileError` when it is no text of ours."""
    if file.size_bytes == 0:
        return Text("", UTF8, False)
    with damage_told(), opened(file) as stream:
        data = _read(stream, _HEAD_BYTES)
    return _text_of(data, len(data) < _HEAD_BYTES)


def look_deeper(file: RawFile) -> Text | None:
    """The same of a file whose beginning is plain ASCII, and which further down is not UTF-8.

    None when its encoding cannot be told there either, or it is UTF-8 at first.
    """
    with damage_told(), opened(file) as stream:
        line = next((line for line in stream if not line.isascii()), b"")
        more = _read(stream, _HEAD_BYTES)
    encoding = encoding_of(line + more, len(more) < _HEAD_BYTES)
    if encoding in (None, UTF8):
        return None
    return replace(look(file), encoding=encoding)


def _read(stream: IO[bytes], size: int) -> bytes:
    """So many bytes, or all that there are: a stream may give fewer at a time."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _text_of(data: bytes, is_whole: bool) -> Text:
    encoding = encoding_of(data, is_whole)
    if encoding is None:
        if b"\0" in data:
            raise UnreadableFileError(
                "The file is binary, or in UTF-16 or UTF-32 that is damaged. Save it as UTF-8 text."
            )
        first = next(
            (n for n, line in enumerate(data.split(b"\n"), start=1) if not _is_utf8(line)), None
        )
        raise UnreadableFileError(not_utf8(first))
    text = data.decode(encoding, errors="ignore")  # only a last character that is cut
    start = text.removeprefix("\ufeff")
    if start.lstrip()[:20].lower().startswith(_MARKUP_STARTS):
        raise UnreadableFileError(
            "The file holds a web page (HTML), not data: the download was an error page or a "
            "login. Deliver it again."
        )
    return Text(start, encoding, start != text)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def csv_shape(text: str, known: Collection[str]) -> CsvShape:
    """Read a csv's header: the delimiter that finds most of the `known` columns wins, then the
    one that Excel's line `sep=` names, then the first of comma, semicolon, tab, bar, and their
    full-width forms that parts it at all.

    Names are trimmed; a name that stands there twice (case apart) gets `_2`, `_3` …, an empty
    one `column_<n>`.
    """
    sep = _SEP.match(text)
    hint = sep.group(2) if sep else ""
    if sep:
        text = text[sep.end() :]
    best: tuple[tuple[int, bool], CsvShape] | None = None
    for delimiter in dict.fromkeys(filter(_may_part, (hint, *_DELIMITERS))):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = 1
        try:
            while not (row := next(reader, None)) and row is not None:
                rows += 1
        except csv.Error:
            continue
        names = _unique([name.strip() for name in row or []])
        found = len({name.lower() for name in names} & {*known})
        rank = (found, len(names) > 1)
        if best is None or rank > best[0]:
            above = int(sep is not None)
            shape = CsvShape(
                delimiter, names, rows + above, reader.line_num + above, sep is not None
            )
            best = (rank, shape)
    if best is None:
        raise UnreadableFileError("The first line is no csv header.")
    return best[1]


def _may_part(delimiter: str) -> bool:
    return delimiter != "" and delimiter not in '"\r\n '


def declared(feed: Feed | None) -> frozenset[str]:
    """The columns that a feed knows; of a source's own log none."""
    return frozenset() if feed is None else frozenset({*feed.column_names, "properties"})


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
    return f"The file is not UTF-8, UTF-16, GBK or GB18030{where}. Save it as UTF-8."


def shape_of(feed: Feed | None, text: str) -> CsvShape:
    """How a feed's csv is cut that begins so; its header has to name a column of the feed.

    One that is read by position has a header where its first line names several.
    """
    known = declared(feed)
    shape = csv_shape(text, known)
    found = len(known & {name.lower() for name in shape.names})
    if feed is not None and feed.by_position and found < 3:
        return CsvShape("\t", feed.column_names, 0, 0, is_by_position=True)
    if feed is not None and not found:
        field_count = text.split("\n", 1)[0].count("\t") + 1
        folder = next(
            (
                log.name
                for log in FEEDS_BY_NAME.values()
                if log.by_position and len(log.columns) == field_count
            ),
            None,
        )
        raise UnreadableFileError(no_known_column(feed, shape.names, folder))
    return shape


def no_known_column(feed: Feed, names: tuple[str, ...], folder: str | None = None) -> str:
    """What to say of a file none of whose columns the feed knows; `folder` is of the log that has
    as many."""
    found = ", ".join(name[:40] for name in names[:8])
    return (
        f"None of the columns of {feed.name} is in the file. It has: {found}. "
        f"It needs some of: {', '.join(feed.column_names[:6])} …"
        + (f" It has as many fields as a log of {folder}: lay it in that folder." if folder else "")
    )


def feed_of(name: str) -> Feed | None:
    """The declared feed of that name; None for a source's own log."""
    return FEEDS_BY_NAME.get(name)
