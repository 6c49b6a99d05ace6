"""The definitions that people own: every CSV of the seeds folder as text, in the schema `seeds`.

What a definition means, and whether it is right, is for the models that read it. Here a file
becomes rows that still know their line, and a file that is no CSV becomes an error in
`seeds.definition_files`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.defs.ingest import readers
from orchestration.defs.ingest.files import (
    CsvShape,
    RawFile,
    UnreadableFileError,
    content_hash,
    csv_shape,
)
from orchestration.defs.ingest.ledger import insert_many
from orchestration.defs.ingest.plain import look_into, write_plain
from orchestration.project import SHIPPED_SEEDS_DIR


@dataclass(frozen=True)
class Definition:
    """A kind of definition file: its columns, and whether the shipped file steps in for it."""

    name: str
    description: str
    columns: tuple[str, ...]
    falls_back: bool = False


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "event_names",
        "One row per event of the tracking plan.",
        ("event_name", "label_en", "label_zh", "area", "role", "is_activity", "is_key_action"),
    ),
    Definition(
        "activities",
        "One row per kind of activity that growth is counted for.",
        ("activity_id", "label_en", "label_zh", "event_name", "new_by"),
    ),
    Definition(
        "stickiness",
        "One row per stickiness histogram.",
        (
            "stickiness_id",
            "label_en",
            "label_zh",
            "activity_id",
            "interval",
            "period",
            "from_at",
            "to_at",
            "min_occurrences",
            "is_cumulative",
            "max_occurrences",
            "interval_size",
        ),
    ),
    Definition(
        "funnels",
        "One row per funnel.",
        (
            "funnel_id",
            "label_en",
            "label_zh",
            "order_mode",
            "window_seconds",
            "count_by",
            "ties",
            "breakdown",
            "breakdown_attribution",
            "breakdown_limit",
            "hold_constant",
            "conversion_time",
            "from_at",
            "to_at",
            "when_void",
            "time_bins",
            "trend_grain",
        ),
    ),
    Definition(
        "funnel_steps",
        "One row per step or exclusion of a funnel.",
        (
            "funnel_id",
            "step_number",
            "exclusion_number",
            "event_name",
            "is_optional",
            "first_time",
            "min_seconds",
            "max_seconds",
            "excluded_after_step",
            "excluded_before_step",
        ),
    ),
    Definition(
        "retentions",
        "One row per retention curve.",
        (
            "retention_id",
            "label_en",
            "label_zh",
            "cohort_event",
            "cohort_mode",
            "return_event",
            "granularity",
            "cohort_granularity",
            "window_mode",
            "kind",
            "periods",
            "brackets",
            "min_occurrences",
            "breakdown",
            "breakdown_limit",
            "from_at",
            "to_at",
            "value_property",
        ),
    ),
    Definition(
        "paths",
        "One row per path: what users do after or before something.",
        (
            "path_id",
            "label_en",
            "label_zh",
            "anchor_event",
            "anchor_item",
            "direction",
            "steps",
            "item_event",
            "item_property",
            "drop_ending",
            "repeats",
            "occurrences",
            "scope",
            "session_gap_seconds",
            "window_seconds",
            "item_limit",
            "sequence_limit",
            "from_at",
            "to_at",
        ),
    ),
    Definition(
        "filters",
        "One row per condition of a definition.",
        (
            "definition",
            "definition_id",
            "side",
            "any_of",
            "scope",
            "property",
            "operator",
            "value",
        ),
    ),
    Definition(
        "lifecycle_stages",
        "One row per lifecycle stage.",
        (
            "stage_id",
            "label_en",
            "label_zh",
            "mode",
            "min_active_days",
            "min_active_weeks",
            "of_weeks",
            "silent_over_days",
        ),
        falls_back=True,
    ),
    Definition(
        "rfm_segments",
        "One row per cell of the 125.",
        ("r_score", "f_score", "m_score", "segment_id"),
        falls_back=True,
    ),
    Definition(
        "rfm_segment_labels",
        "One row per RFM segment.",
        ("segment_id", "label_en", "label_zh"),
        falls_back=True,
    ),
    Definition(
        "rfm_cut_points",
        "One row per fixed cut point of a score.",
        ("measure", "score", "at_least", "at_most"),
    ),
    Definition(
        "currency_rates",
        "One row per currency and day from which its rate into the reporting currency holds.",
        ("currency", "rate", "valid_from_date"),
    ),
    Definition(
        "data_retention",
        "One row per feed whose raw rows go after so many months.",
        ("feed", "keep_months"),
    ),
)


@dataclass(frozen=True)
class SeedFile:
    """What was read of a definition file; `error` says why nothing was."""

    file: str
    row_count: int
    unknown_columns: tuple[str, ...]
    error: str | None
    content_hash: str | None
    is_known: bool = True


def load_seeds(
    connection: duckdb.DuckDBPyConnection, seeds_dir: Path, links: Path
) -> tuple[SeedFile, ...]:
    """Make the tables of `seeds` what the folder's files say, in one transaction.

    A missing file gives an empty table (of stages and RFM segments: what is shipped), so does
    one that cannot be read, whose row in `seeds.definition_files` then has the error. A table
    whose file is as it was stays as it is. `links` is a folder to be made, for a while.
    """
    # Rows are few; keeping their order keeps their lines.
    connection.execute("set preserve_insertion_order = true")
    for macro in readers.MACROS:
        connection.execute(macro)
    connection.execute("create schema if not exists seeds")
    kept = _as_loaded(connection)
    staged: list[Definition] = []
    files: list[SeedFile] = []
    links.mkdir()
    for number, definition in enumerate(DEFINITIONS):
        path = _path(definition, seeds_dir)
        digest = _digest(definition, seeds_dir)
        file = kept.get(definition.name)
        if file is None or digest is None or digest != file.content_hash:
            link = links / f"{number}.csv"
            file = _stage_definition(connection, definition, path, digest, link)
            staged.append(definition)
        files.append(file)
    files += _strangers(seeds_dir)
    connection.begin()
    try:
        for definition in staged:
            connection.execute(
                f"create or replace table seeds.{definition.name} as "
                f"select * from staged_{definition.name} order by row_number"
            )
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
                for file in files
            ],
        )
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return tuple(files)


def read_definition(
    connection: duckdb.DuckDBPyConnection, name: str, seeds_dir: Path, links: Path
) -> tuple[SeedFile, list[tuple[str | None, ...]]]:
    """What a definition file says now, before its table does: how it was read, and its rows.

    The readers' macros must be there. `links` is a folder for a symlink.
    """
    connection.execute("set preserve_insertion_order = true")
    definition = next(each for each in DEFINITIONS if each.name == name)
    path = _path(definition, seeds_dir)
    link = links / "0.csv"  # loads are numbered from 1
    digest = _digest(definition, seeds_dir)
    try:
        file = _stage_definition(connection, definition, path, digest, link)
    finally:
        link.unlink(missing_ok=True)
    listed = ", ".join(readers.quote(column) for column in definition.columns)
    rows = connection.execute(f"select {listed} from staged_{name} order by row_number").fetchall()
    return file, rows


def have_changed(connection: duckdb.DuckDBPyConnection, seeds_dir: Path) -> bool:
    """Is the folder another one than at the last `load_seeds`?"""
    loaded = connection.execute("select file, content_hash from seeds.definition_files").fetchall()
    return {*loaded} != {
        *((_path(each, seeds_dir).name, _digest(each, seeds_dir)) for each in DEFINITIONS),
        *((stranger.file, None) for stranger in _strangers(seeds_dir)),
    }


def _as_loaded(connection: duckdb.DuckDBPyConnection) -> dict[str, SeedFile]:
    """What is known of the definitions whose tables are whole and have today's columns."""
    tables: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from duckdb_columns() where schema_name = 'seeds' "
        "and database_name = current_database() order by table_name, column_index"
    ).fetchall():
        tables.setdefault(str(table), []).append(str(column))
    if "is_known" not in tables.get("definition_files", []):
        return {}
    rows = connection.execute(
        "select file, row_count, unknown_columns, content_hash from seeds.definition_files "
        "where error is null and is_known"
    ).fetchall()
    found = {
        Path(str(file)).stem: SeedFile(
            file, count, tuple(unknown.split(", ")) if unknown else (), None, digest
        )
        for file, count, unknown, digest in rows
    }
    return {
        definition.name: found[definition.name]
        for definition in DEFINITIONS
        if definition.name in found
        and tables.get(definition.name) == ["row_number", *definition.columns]
    }


SUFFIXES = ("csv", "xlsx")
"""What a definition file may be, the one before the other."""


def _path(definition: Definition, seeds_dir: Path) -> Path:
    """The file of a definition: the folder's own, or the shipped one where that steps in."""
    found = _paths(definition, seeds_dir)
    if definition.falls_back and not found:
        return SHIPPED_SEEDS_DIR / f"{definition.name}.csv"
    return found[0] if found else seeds_dir / f"{definition.name}.csv"


def _paths(definition: Definition, seeds_dir: Path) -> list[Path]:
    paths = [seeds_dir / f"{definition.name}.{suffix}" for suffix in SUFFIXES]
    return [path for path in paths if path.exists()]


def _digest(definition: Definition, seeds_dir: Path) -> str | None:
    """Hash of a definition's file, or of both where it has two; None: it has none to read."""
    paths = _paths(definition, seeds_dir) or [_path(definition, seeds_dir)]
    try:
        return " ".join(content_hash(path) for path in paths)
    except UnreadableFileError:
        return None


_LIKE_DEFINITIONS = (".csv", ".xlsx", ".xls", ".xlsm", ".tsv", ".txt", ".json")


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


def _stage_definition(
    connection: duckdb.DuckDBPyConnection,
    definition: Definition,
    path: Path,
    digest: str | None,
    link: Path,
) -> SeedFile:
    """Read a definition file into the temporary table `staged_<name>`."""
    name = path.name
    listed = ", ".join(f"{readers.quote(column)} varchar" for column in definition.columns)
    connection.execute(
        f"create or replace temp table staged_{definition.name} (row_number bigint, {listed})"
    )
    if not path.exists():
        return SeedFile(name, 0, (), None, None)
    try:
        others = [each.name for each in _paths(definition, path.parent) if each != path]
        if others:
            raise UnreadableFileError(
                f"{name} and {others[0]} are both there: keep the one that is right, and take the "
                "other out of the folder."
            )
        shape = _stage_fields(connection, definition, path, link)
        if shape is None:
            return SeedFile(name, 0, (), None, digest)
        unknown = tuple(name for name in shape.names if name.lower() not in definition.columns)
        count = _stage_rows(connection, definition, shape)
    except UnreadableFileError as error:
        return SeedFile(name, 0, (), str(error), digest)
    return SeedFile(name, count, unknown, None, digest)


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


def _stage_rows(
    connection: duckdb.DuckDBPyConnection, definition: Definition, shape: CsvShape
) -> int:
    """Rows of `ingest_rows` that are not blank, as the definition's columns; their number."""
    malformed = connection.execute(
        "select line_number, payload from ingest_rows where payload is not null "
        "order by line_number limit 1"
    ).fetchone()
    if malformed is not None:
        raise UnreadableFileError(
            f"Line {malformed[0]} has not the {len(shape.names)} fields of the header, or has a "
            f"quote that is not closed: {str(malformed[1])[:80]}{_full_width(malformed[1], shape)}"
        )
    found = {column.lower(): f"c{number}" for number, column in enumerate(shape.names)}
    if not set(found) & set(definition.columns):
        raise UnreadableFileError(
            f"The first line must name the columns: {', '.join(definition.columns)}. "
            f"It has: {', '.join(shape.names)[:120]}"
        )
    chosen = ", ".join(
        f"nullif(trim({found[column]}), '')" if column in found else "cast(null as varchar)"
        for column in definition.columns
    )
    filled = " or ".join(f"trim({column}) <> ''" for column in found.values())
    row = connection.execute(
        f"insert into staged_{definition.name} "
        f"select line_number, {chosen} from ingest_rows where {filled}"
    ).fetchone()
    return int(row[0]) if row else 0
