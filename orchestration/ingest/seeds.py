"""The definitions that people own: every file of the seeds folder, read and checked, as typed
tables in the schema `seeds`.

A file becomes rows that still know their line; each cell is read by its column's type
(`definitions/cells.py`), and an empty one takes its default. Where anything is wrong nothing is
loaded: what stands in `seeds` is right, and is what models may cast without a doubt.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from orchestration.ingest import readers
from orchestration.ingest.definitions import cells, reading, rules
from orchestration.ingest.definitions.checks import Definitions, Known, Table
from orchestration.ingest.definitions.hashes import note_definitions
from orchestration.ingest.definitions.problems import (
    ERROR,
    WARNING,
    DefinitionsError,
    Problem,
    nearest,
)
from orchestration.ingest.definitions.schema import DEFINITIONS, Definition, Words
from orchestration.ingest.feeds import FEEDS_BY_NAME
from orchestration.ingest.files import (
    CsvShape,
    RawFile,
    UnreadableFileError,
    content_hash,
    csv_shape,
)
from orchestration.ingest.plain import look_into, write_plain
from orchestration.project import SHIPPED_SEEDS_DIR, Settings
from orchestration.store.sql import insert_many

WARNINGS_TABLE = "definition_warnings"
_SAMPLED_EVENTS = 20_000
"""Events whose properties count as known; a name that is missed costs a hint, no more."""


@dataclass(frozen=True)
class SeedFile:
    """What was read of a definition file; `error` says why nothing was."""

    file: str
    row_count: int
    unknown_columns: tuple[str, ...]
    error: str | None
    content_hash: str | None
    is_known: bool = True
    columns: tuple[str, ...] = ()
    """The columns that it names."""
    error_line: int | None = None


class _WrongLineError(UnreadableFileError):
    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


@dataclass(frozen=True)
class Seeds:
    """The folder's definitions as they were read, and what is wrong or doubtful in them."""

    files: tuple[SeedFile, ...]
    tables: Mapping[str, Table]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = field(default=())

    def of(self, severity: str) -> tuple[Problem, ...]:
        """The problems of a severity."""
        return tuple(each for each in self.problems if each.severity == severity)

    def raise_errors(self) -> None:
        """Raise `DefinitionsError` with all of them, when something is wrong."""
        if errors := self.of(ERROR):
            raise DefinitionsError(errors)


def read_seeds(settings: Settings, warehouse: duckdb.DuckDBPyConnection | None = None) -> Seeds:
    """Read and check the folder's files, in a second; what a `warehouse` knows helps to tell
    names that are misspelt.

    A missing file has no rows; for stages and RFM segments the shipped one steps in. Of a folder
    that is as it was the answer is the same: a build looks before it loads Dagster, and as it
    ingests.
    """
    known = _known_to(warehouse) if warehouse else Known(properties=_feed_columns())
    folder = settings.seeds_dir
    there = frozenset(folder.iterdir()) if folder.is_dir() else frozenset()
    return _read(settings, known, _state(folder), there)


@lru_cache(maxsize=1)
def _read(
    settings: Settings,
    known: Known,
    _hashes: frozenset[tuple[str, str | None]],
    _there: frozenset[Path],
) -> Seeds:
    files: list[SeedFile] = []
    lines: dict[str, list[reading.Line]] = {}
    with (
        duckdb.connect(config={"threads": 1}) as engine,
        tempfile.TemporaryDirectory(prefix="yunying-seeds-") as links,
    ):
        # Rows are few; keeping their order keeps their lines.
        engine.execute("set preserve_insertion_order = true")
        for macro in readers.MACROS:
            engine.execute(macro)
        for number, definition in enumerate(DEFINITIONS):
            link = Path(links) / f"{number}.csv"
            file, lines[definition.name] = _read_lines(engine, definition, settings.seeds_dir, link)
            files.append(file)
    files += _strangers(settings.seeds_dir)
    unreadable = {file.file for file in files if file.error}
    tables: dict[str, Table] = {}
    planned = {cells.trimmed(line.get("event_name")) or "" for _, line in lines["event_names"]}
    for definition in DEFINITIONS:
        rows = reading.read_rows(definition, lines[definition.name], known.events | planned)
        is_readable = definition.file not in unreadable
        tables[definition.name] = Table(definition, rows, is_readable)
    definitions = Definitions(tables, ZoneInfo(settings.timezone), known)
    problems = [
        *_file_problems(files),
        # Of rows that nobody could read nothing is missing.
        *(each for each in rules.problems(definitions) if each.file not in unreadable),
    ]
    named = {each.file: _name(each, settings.seeds_dir) for each in DEFINITIONS}
    problems = [replace(each, file=named.get(each.file, each.file)) for each in problems]
    notes = (reading.note(table.definition, table.rows) for table in tables.values())
    return Seeds(tuple(files), tables, tuple(problems), tuple(filter(None, notes)))


def load_seeds(connection: duckdb.DuckDBPyConnection, seeds: Seeds) -> None:
    """Make the tables of `seeds` what was read, in one transaction.

    Raises `DefinitionsError` when something is wrong: then they stay as they are.
    """
    seeds.raise_errors()
    connection.begin()
    try:
        connection.execute("create schema if not exists seeds")
        for definition in DEFINITIONS:
            columns = ", ".join(f'"{each.name}" {each.sql_type}' for each in definition.fields)
            name = f"seeds.{definition.name}"
            connection.execute(f"create or replace table {name} (row_number bigint, {columns})")
            rows = seeds.tables[definition.name].rows
            insert_many(connection, name, [reading.stored(definition, row) for row in rows])
        note_definitions(connection)
        connection.execute(
            "create or replace table seeds.definition_files (file varchar, row_count bigint, "
            "unknown_columns varchar, error varchar, content_hash varchar, is_known boolean)"
        )
        insert_many(
            connection,
            "seeds.definition_files",
            [
                (
                    file.file,
                    file.row_count,
                    ", ".join(file.unknown_columns) or None,
                    file.error,
                    file.content_hash,
                    file.is_known,
                )
                for file in seeds.files
            ],
        )
        connection.execute(
            f"create or replace table seeds.{WARNINGS_TABLE} (file varchar, row_number bigint, "
            "problem varchar, problem_zh varchar, mend varchar, mend_zh varchar)"
        )
        insert_many(
            connection,
            f"seeds.{WARNINGS_TABLE}",
            [
                (each.file, each.line, each.problem.en, each.problem.zh, each.mend.en, each.mend.zh)
                for each in seeds.of(WARNING)
            ],
        )
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def have_changed(connection: duckdb.DuckDBPyConnection, seeds_dir: Path) -> bool:
    """Is the folder another one than at the last `load_seeds`?"""
    loaded = connection.execute("select file, content_hash from seeds.definition_files").fetchall()
    return {*loaded} != _state(seeds_dir)


def _state(seeds_dir: Path) -> frozenset[tuple[str, str | None]]:
    """The folder's files, and what they hold."""
    return frozenset(
        [
            *((definition.file, _hash(definition, seeds_dir)) for definition in DEFINITIONS),
            *((stranger.file, None) for stranger in _strangers(seeds_dir)),
        ]
    )


def _known_to(warehouse: duckdb.DuckDBPyConnection) -> Known:
    """What the last build knows of names; less where there was none."""

    def names(sql: str) -> set[str]:
        with suppress(duckdb.Error):
            return {str(name) for (name,) in warehouse.execute(sql).fetchall() if name is not None}
        return set()

    events = names("select distinct event_name from facts.fct_event_days")
    asked = {
        name
        for definition in DEFINITIONS
        for column in definition.fields
        if column.list == "events"
        for cell in names(f'select distinct "{column.name}" from seeds.{definition.name}')
        for name in cells.alternatives(cell)
    }
    properties = names(
        "select distinct column_name from raw.ingest_columns where feed in ('events', 'users')"
    ) | names(
        "select distinct unnest(json_keys(properties)) from "
        f"(select properties from facts.fct_events limit {_SAMPLED_EVENTS})"
    )
    return Known(frozenset(events), frozenset(asked), frozenset(properties) | _feed_columns())


def _feed_columns() -> frozenset[str]:
    return frozenset(
        name for feed in ("events", "users") for name in FEEDS_BY_NAME[feed].column_names
    )


def _file_problems(files: list[SeedFile]) -> Iterator[Problem]:
    """Files and columns that are not read."""
    by_file = {definition.file: definition for definition in DEFINITIONS}
    there = {file.file for file in files if file.content_hash is not None}
    for file in files:
        if file.error is not None and file.error_line is not None:
            yield Problem(
                file.file,
                file.error_line,
                ERROR,
                Words(file.error, "这一行的格数与表头不符，或引号没有闭合"),
                Words(
                    "keep the commas of empty cells, and close each quote",
                    "保留空格子的逗号，引号成对",
                ),
            )
        elif file.error is not None:
            yield Problem(
                file.file,
                None,
                ERROR,
                Words(file.error.rstrip("."), f"读不了这个文件：{file.error.rstrip('.')}"),
                Words(
                    "save it as CSV UTF-8 with the columns that seeds/README.md lists",
                    "另存为 CSV UTF-8，列名照 seeds/README.md",
                ),
            )
        if not file.is_known:
            near = nearest(file.file, by_file.keys() - there)
            yield _not_read(
                file.file,
                near,
                Words(
                    "no definitions are read from a file of this name",
                    "没有定义是从这个名字的文件读取的",
                ),
                Words("use a name that seeds/README.md lists", "用 seeds/README.md 列出的文件名"),
            )
            continue
        for column in file.unknown_columns:
            missing = set(by_file[file.file].columns) - set(file.columns)
            near = nearest(column.strip().lower(), missing)
            # One that stands there twice has a number as it is read.
            twice = re.fullmatch(r"(.+)_\d+", column)
            said = Words(f"column {column} is not read", f"列 {column} 不会被读取")
            if twice and column_name(twice.group(1)) in file.columns:
                first = twice.group(1)
                said = Words(f"a second column {first} is not read", f"第二个列 {first} 不会被读取")
            yield _not_read(
                file.file,
                near,
                said,
                Words(
                    "use a name that seeds/README.md lists, or take the column out",
                    "用 seeds/README.md 列出的列名，或删掉这一列",
                ),
            )


def _not_read(file: str, near: str | None, problem: Words, mend: Words) -> Problem:
    """A warning; an error where it is plain what is meant, which would be left at its default."""
    if near is None:
        return Problem(file, None, WARNING, problem, mend)
    said = Words(f"did you mean {near}? Else {mend.en}", f"是不是 {near}？否则{mend.zh}")
    return Problem(file, None, ERROR, problem, said)


SUFFIXES = ("csv", "xlsx")
"""What a definition file may be, the one before the other."""
_LIKE_DEFINITIONS = (".csv", ".xlsx", ".xls", ".xlsm", ".tsv", ".txt", ".json")


def definition_paths(definition: Definition, seeds_dir: Path) -> tuple[Path, ...]:
    """The file of a definition, or both where it has two: the folder's own, or the shipped one
    where that steps in."""
    paths = [seeds_dir / f"{definition.name}.{suffix}" for suffix in SUFFIXES]
    found = tuple(path for path in paths if path.exists())
    if definition.falls_back and not found:
        return (SHIPPED_SEEDS_DIR / definition.file,)
    return found or (seeds_dir / definition.file,)


def _name(definition: Definition, seeds_dir: Path) -> str:
    """What people call its file: a workbook has another ending."""
    return definition_paths(definition, seeds_dir)[0].name


def _hash(definition: Definition, seeds_dir: Path) -> str | None:
    """Of the file and its schema: with another one it is read otherwise."""
    with suppress(UnreadableFileError):
        digests = [content_hash(path) for path in definition_paths(definition, seeds_dir)]
        return hashlib.sha256(f"{' '.join(digests)} {definition.source}".encode()).hexdigest()
    return None


def _strangers(seeds_dir: Path) -> tuple[SeedFile, ...]:
    known = {f"{definition.name}.{suffix}" for definition in DEFINITIONS for suffix in SUFFIXES}
    if not seeds_dir.is_dir():
        return ()
    return tuple(
        SeedFile(path.name, 0, (), None, None, is_known=False)
        for path in sorted(seeds_dir.iterdir())
        if path.suffix.lower() in _LIKE_DEFINITIONS
        and path.name not in known
        and not path.name.startswith((".", "~$"))  # what Excel keeps beside an open workbook
    )


def _read_lines(
    engine: duckdb.DuckDBPyConnection, definition: Definition, seeds_dir: Path, link: Path
) -> tuple[SeedFile, list[reading.Line]]:
    """The lines of a definition file, each cell as it is written."""
    path, *others = definition_paths(definition, seeds_dir)
    digest = _hash(definition, seeds_dir)
    if not path.exists():
        return SeedFile(definition.file, 0, (), None, None), []
    try:
        if others:
            raise UnreadableFileError(
                f"{path.name} and {others[0].name} are both there: keep the one that is right, and "
                "take the other out of the folder."
            )
        shape = _stage_fields(engine, definition, path, link)
        if shape is None:
            return SeedFile(definition.file, 0, (), None, digest), []
        found = tuple(column_name(name) for name in shape.names)
        unknown = tuple(
            name
            for name, column in zip(shape.names, found, strict=True)
            if column not in definition.columns
        )
        lines = _lines(engine, definition, shape, found)
    except _WrongLineError as error:
        return SeedFile(definition.file, 0, (), str(error), digest, error_line=error.line), []
    except UnreadableFileError as error:
        return SeedFile(definition.file, 0, (), str(error), digest), []
    return SeedFile(definition.file, len(lines), unknown, None, digest, columns=found), lines


def _stage_fields(
    connection: duckdb.DuckDBPyConnection, definition: Definition, path: Path, link: Path
) -> CsvShape | None:
    """Read a file's fields into `ingest_rows`; None when there is nothing in it."""
    size = path.stat().st_size
    seen = look_into(RawFile(definition.name, path.name, path, path.suffix[1:], None, size, ""))
    if seen.text.is_blank:
        return None
    shape = csv_shape(seen.text.start, definition.columns)
    if seen.is_foreign:
        write_plain(seen, link)
    else:
        link.symlink_to(path.resolve())
    try:
        connection.execute(readers.stage_lines([str(link)], seen.text.has_crlf))
    except duckdb.Error as error:
        raise UnreadableFileError("The file is not UTF-8. Save it as CSV UTF-8.") from error
    for statement in readers.mend_csv(shape):
        connection.execute(statement)
    return shape


def _full_width(payload: str, shape: CsvShape) -> str:
    """What to say of a row that full-width delimiters part, and the header's do not."""
    wide = {",": "，", ";": "；", "|": "｜"}.get(shape.delimiter, "")
    return (
        f" — it has full-width {wide}: write {shape.delimiter}" if wide and wide in payload else ""
    )


def _lines(
    engine: duckdb.DuckDBPyConnection,
    definition: Definition,
    shape: CsvShape,
    found: tuple[str, ...],
) -> list[reading.Line]:
    """The rows of `ingest_rows` that are not blank, by the names of their columns."""
    malformed = engine.execute(
        "select line_number, payload from ingest_rows where payload is not null "
        "order by line_number limit 1"
    ).fetchone()
    if malformed is not None:
        raise _WrongLineError(
            int(malformed[0]),
            f"it has not the {len(shape.names)} fields of the header, or has a quote that is not "
            f"closed: {str(malformed[1])[:80]}{_full_width(str(malformed[1]), shape)}",
        )
    if not set(found) & set(definition.columns):
        raise UnreadableFileError(
            f"The first line must name the columns: {', '.join(definition.columns)}. "
            f"It has: {', '.join(shape.names)[:120]}"
        )
    listed = ", ".join(f"c{number}" for number in range(len(found)))
    rows = engine.execute(f"select line_number, {listed} from ingest_rows").fetchall()
    return [
        (int(line), dict(zip(found, texts, strict=True)))
        for line, *texts in sorted(rows, key=lambda row: row[0])
        if any(map(cells.trimmed, texts))
    ]


def column_name(header: str) -> str:
    """The column that a header names, as people write it."""
    return cells.plain(cells.trimmed(header) or "").lower()
