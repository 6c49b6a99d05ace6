"""Ingest as Dagster assets: the raw folders, the raw tables made of them, the definitions."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.ingest.databases.declared import READ_TAG, DatabasesError
from orchestration.ingest.definitions.problems import DefinitionsError
from orchestration.ingest.definitions.schema import DEFINITIONS, Definition
from orchestration.ingest.feeds import (
    FEEDS,
    MALFORMED_COLUMN,
    PROPERTIES_COLUMN,
    PROVENANCE_COLUMNS,
    Column,
    Feed,
)
from orchestration.ingest.loader import FeedSummary, IngestReport, ingest
from orchestration.ingest.seeds import WARNINGS_TABLE, SeedFile
from orchestration.privacy import archive
from orchestration.privacy.scrubbing import is_due, scrub
from orchestration.project import DBT_PROJECT_DIR, ROOT, Settings
from orchestration.publish.postgres import ServingError
from orchestration.store.buckets import BucketError
from orchestration.store.retries import connect_or_retry
from orchestration.transform.dbt_runs import load_manifest
from orchestration.ui.links import written_in
from orchestration.ui.owners import owners_of, owners_of_schema
from orchestration.ui.table_metadata import described_schema

MANIFEST = load_manifest()
LINE_OWNERS = owners_of_schema(MANIFEST, "raw")
INGEST = ROOT / "orchestration" / "ingest"
LISTED_FAILURES = 20
"""Unreadable files that an asset's metadata lists; the ledger has all."""

LEDGER_TABLES = {
    "ingest_files": (
        "One row per feed and file: its current version, its rows, and its error where it could "
        "not be read.",
        (
            Column("feed", "text", "The feed"),
            Column("source_file", "text", "Path of the file below the raw folder"),
            Column("size_bytes", "integer", "Size on disk"),
            Column("content_hash", "text", "Hash of the file's bytes; empty: it cannot be opened"),
            Column("stat_signature", "text", "What a look at the file showed; saves reading it"),
            Column("load_id", "integer", "The load that last changed what raw has of the file"),
            Column("status", "text", "loaded, failed or withdrawn"),
            Column("rows_in", "integer", "Rows of the file in raw; 0 unless loaded"),
            Column("error", "text", "Why it could not be read; empty unless failed"),
            Column("first_loaded_at", "timestamp", "When this content was first loaded"),
            Column("loaded_at", "timestamp", "When this row was written"),
            Column("notes", "text", "What was guessed in reading it, and which columns it lacks"),
        ),
    ),
    "ingest_contents": (
        "One row per feed and content that was ever loaded.",
        (
            Column("feed", "text", "The feed"),
            Column("content_hash", "text", "Hash of the file's bytes"),
            Column("first_loaded_at", "timestamp", "When it was first loaded"),
        ),
    ),
    "erasures": (
        "One row per request of erasure that was taken in; who it was for is a keyed hash.",
        (
            Column("person_hash", "text", "HMAC-SHA256 of the id in the request"),
            Column(
                "requested_at",
                "timestamp",
                "When it was asked; unreadable: when it was loaded",
            ),
            Column("recorded_at", "timestamp", "When it was taken in"),
            Column("erased_at", "timestamp", "When nothing of the person was left in raw"),
        ),
    ),
    "erasure_removals": (
        "One row per erased person and object: what was removed there, and when.",
        (
            Column("person_hash", "text", "HMAC-SHA256 of the id in the request"),
            Column("layer", "text", "raw files, raw, or a schema of the warehouse"),
            Column("object", "text", "A table, the files of a feed, or a file"),
            Column("removed_count", "integer", "Rows, or files that were rewritten"),
            Column("is_removed", "boolean", "false: a file that has to be removed by hand"),
            Column("removed_at", "timestamp", "When"),
        ),
    ),
    "unjoined_anonymous_ids": (
        "One row per device that an erased person shared with others: it joins nobody.",
        (Column("anonymous_id", "text", "The device or browser"),),
    ),
    "horizon_floors": (
        "One row per erasure: how far the data had come by then. The horizon does not go back.",
        (Column("data_through_at", "timestamp", "The last instant, UTC"),),
    ),
    "restatements_log": (
        "One row per value of a ripe row that moved, as readers were told of it by the last build.",
        (
            Column("build_id", "text", "The build that moved it"),
            Column("previous_build_id", "text", "The build that readers saw before"),
            Column("table_name", "text", "The published table"),
            Column("row_key", "json", "The row, by its key columns"),
            Column("column_name", "text", "The column; empty: the row is new or gone"),
            Column("reasons", "text", "What may have moved it, as ids"),
            Column("reason_en", "text", "The same in words, English"),
            Column("reason_zh", "text", "The same in words, Chinese"),
            Column("old_value", "text", "The value before"),
            Column("new_value", "text", "The value now"),
            Column("is_gone", "boolean", "true: the row is gone"),
            Column("restated_at", "timestamp", "When the build was published"),
        ),
    ),
    "ingest_columns": (
        "One row per feed, file and column that the file brought.",
        (
            Column("feed", "text", "The feed"),
            Column("source_file", "text", "Path of the file below the raw folder"),
            Column("column_name", "text", "The column as the file spells it"),
            Column("column_type", "text", "Its type in the file"),
            Column("position", "integer", "Its place in the file, from 1"),
        ),
    ),
    "expiries": (
        "One row per feed and cut-off: raw rows before it are gone.",
        (
            Column("feed", "text", "The feed"),
            Column("cutoff_at", "timestamp", "Rows before it are gone, UTC"),
            Column("paths_from_at", "timestamp", "From when on paths are counted from raw, UTC"),
            Column("expired_at", "timestamp", "When the cut-off moved there"),
            Column("removed_at", "timestamp", "When the rows were gone"),
        ),
    ),
    "expiry_removals": (
        "One row per file and time at which rows before a cut-off were taken out of it.",
        (
            Column("feed", "text", "The feed"),
            Column("source_file", "text", "Path of the file below the raw folder"),
            Column("load_id", "integer", "The load"),
            Column("removed_count", "integer", "Rows"),
            Column("is_late", "boolean", "Whether they came when their like had gone already"),
            Column("removed_at", "timestamp", "When the rows were gone"),
        ),
    ),
    "expiry_scans": (
        "One row: the last load whose rows were held against the cut-offs.",
        (Column("load_id", "integer", "The load"),),
    ),
}


ARCHIVE: dict[str, Mapping[str, Any]] = {
    node["name"]: node for node in MANIFEST["sources"].values() if node["schema"] == "archive"
} | archive.models()
KEPT_BY_INGEST = [
    *(("raw", name) for name in LEDGER_TABLES),
    *(("archive", name) for name in ARCHIVE),
]
"""Tables that are no feed's, by schema and name."""


def _schema(columns: tuple[Column, ...]) -> dg.TableSchema:
    return dg.TableSchema(
        [dg.TableColumn(column.name, column.type, column.description) for column in columns]
    )


def _files_spec(feed: Feed) -> dg.AssetSpec:
    return dg.AssetSpec(
        ["raw_files", feed.name],
        description=(
            f"The folder {feed.name} of the raw folder: parquet, csv, jsonl, json and xlsx files, "
            "packed as .gz, .zst, .bz2, .xz or .zip or not, in any layout of subfolders."
        ),
        group_name="raw",
        kinds={"file"},
        owners=LINE_OWNERS,
        metadata=written_in(INGEST / "feeds.py"),
    )


def feed_schema(feed: Feed) -> dg.TableSchema:
    """The columns of a feed's raw table."""
    return _schema((*PROVENANCE_COLUMNS, *feed.columns, PROPERTIES_COLUMN, MALFORMED_COLUMN))


def _feed_spec(feed: Feed) -> dg.AssetSpec:
    return dg.AssetSpec(
        ["raw", feed.name],
        deps=[["raw_files", feed.name]],
        description=f"{feed.description} Every column is text as it came.",
        group_name="raw",
        owners=LINE_OWNERS,
        metadata={"dagster/column_schema": feed_schema(feed), **written_in(INGEST / "feeds.py")},
    )


def _ledger_spec(name: str) -> dg.AssetSpec:
    description, columns = LEDGER_TABLES[name]
    return dg.AssetSpec(
        ["raw", name],
        deps=[["raw_files", feed.name] for feed in FEEDS],
        description=description,
        group_name="raw",
        owners=LINE_OWNERS,
        metadata={"dagster/column_schema": _schema(columns), **written_in(INGEST / "ledger.py")},
    )


def _archive_spec(node: Mapping[str, Any]) -> dg.AssetSpec:
    """Of a table that dbt writes for an expiry, or of what is noted beside them. The facts that it
    is made of are not among its parents: they read it, and a graph has no circles."""
    return dg.AssetSpec(
        ["archive", node["name"]],
        deps=[["raw_files", feed.name] for feed in FEEDS],
        description=node["description"],
        group_name="archive",
        owners=owners_of(node),
        metadata={
            "dagster/column_schema": described_schema(node),
            **written_in(DBT_PROJECT_DIR / node["original_file_path"]),
        },
    )


def _seed_spec(definition: Definition) -> dg.AssetSpec:
    columns = (
        Column("row_number", "integer", "Line of the file; the header is line 1"),
        *(Column(each.name, each.type, each.description.en) for each in definition.fields),
    )
    return dg.AssetSpec(
        ["seeds", definition.name],
        description=f"{definition.description.en} Edited by people: seeds/{definition.file}.",
        group_name="seeds",
        kinds={"csv"},
        owners=owners_of_schema(MANIFEST, "seeds"),
        metadata={
            "dagster/column_schema": _schema(columns),
            **written_in(Settings.from_environment().seeds_dir / definition.file),
        },
    )


# Of all definitions, by table: what one row is, its columns, and the file that writes it.
_OF_DEFINITIONS = {
    "definition_files": (
        "One row per definition file: its rows, columns that are not ours, its error.",
        (
            Column("file", "text", "The file, below the seeds folder"),
            Column("row_count", "integer", "Its rows"),
            Column("unknown_columns", "text", "Columns that are not ours"),
            Column("error", "text", "Why it could not be read; empty: it was"),
            Column("is_known", "boolean", "false: no definitions have this name"),
        ),
        INGEST / "seeds.py",
    ),
    WARNINGS_TABLE: (
        "One row per doubt about a definition. A wrong one is never loaded.",
        (
            Column("file", "text", "The file, below the seeds folder"),
            Column("row_number", "integer", "Its line; empty where no one is meant"),
            Column("problem", "text", "What is doubtful, in English"),
            Column("problem_zh", "text", "The same in Chinese"),
            Column("mend", "text", "What to write instead, in English"),
            Column("mend_zh", "text", "The same in Chinese"),
        ),
        INGEST / "seeds.py",
    ),
    "definition_hashes": (
        "One row per definition: what it says, and what facts were computed with.",
        (
            Column("definition", "text", "Kind of the definition"),
            Column("definition_id", "text", "The definition"),
            Column("definition_hash", "text", "Hash of what it says; empty: it is gone"),
            Column("computed_hash", "text", "Hash of what it said in the last whole build"),
        ),
        INGEST / "definitions" / "hashes.py",
    ),
}


def _of_definitions_spec(name: str) -> dg.AssetSpec:
    # A function: Dagster would load a spec of the module's own a second time.
    description, columns, file = _OF_DEFINITIONS[name]
    return dg.AssetSpec(
        ["seeds", name],
        description=description,
        group_name="seeds",
        kinds={"csv"},
        owners=owners_of_schema(MANIFEST, "seeds"),
        metadata={"dagster/column_schema": _schema(columns), **written_in(file)},
    )


raw_files = [_files_spec(feed) for feed in FEEDS]


@dg.multi_asset(
    name="ingest",
    specs=[
        *(_feed_spec(feed) for feed in FEEDS),
        *(_ledger_spec(name) for name in LEDGER_TABLES),
        *(_archive_spec(node) for node in ARCHIVE.values()),
        *(_seed_spec(definition) for definition in DEFINITIONS),
        *map(_of_definitions_spec, _OF_DEFINITIONS),
    ],
)
def ingest_assets(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Read databases into the raw folder, load its new and replaced files into raw, and the
    definitions into seeds.

    It fails, and nothing is loaded, when a database is not read or a definition is wrong.
    """
    settings = Settings.from_environment()
    try:
        if settings.databases is not None and READ_TAG not in context.run.tags:
            # What it needs is loaded where it is needed.
            from orchestration.ingest.databases.reading import read_databases

            read_databases(settings, context.log.info)
        report = ingest(settings, context.log.info)
        context.log.info(report.summary())
        if is_due(settings):
            scrub(settings, context.run_id)
            context.log.info("Removed what older reports and logs quoted of rows that are gone.")
    except (BucketError, DatabasesError, DefinitionsError, ServingError) as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    with connect_or_retry(settings, context.log.info) as connection:
        counts = dict(
            connection.execute(
                " union all ".join(
                    f"select '{schema}.{name}', count(*) from {schema}.{name}"
                    for schema, name in KEPT_BY_INGEST
                )
            ).fetchall()
        )
    yield from materializations(report, counts)


def materializations(
    report: IngestReport, counts: Mapping[str, int]
) -> Iterator[dg.MaterializeResult]:
    """What the UI shows of each table after a run; `counts` are rows of what is no feed."""
    summaries = {summary.feed: summary for summary in report.feeds}
    for feed in FEEDS:
        yield dg.MaterializeResult(
            asset_key=["raw", feed.name], metadata=_feed_metadata(report, summaries[feed.name])
        )
    for schema, name in KEPT_BY_INGEST:
        yield dg.MaterializeResult(
            asset_key=[schema, name],
            metadata={
                "dagster/row_count": counts[f"{schema}.{name}"],
                "notes": "\n".join(report.notes),
                "seconds": round(report.seconds, 3),
            },
        )
    seeds = {seed.file: seed for seed in report.seeds if seed.is_known}
    for definition in DEFINITIONS:
        yield dg.MaterializeResult(
            asset_key=["seeds", definition.name],
            metadata=_seed_metadata(seeds[definition.file]),
        )
    yield dg.MaterializeResult(
        asset_key=["seeds", "definition_files"],
        metadata={"dagster/row_count": len(report.seeds)},
    )
    yield dg.MaterializeResult(
        asset_key=["seeds", WARNINGS_TABLE],
        metadata={"dagster/row_count": report.definition_warning_count},
    )
    yield dg.MaterializeResult(asset_key=["seeds", "definition_hashes"])


def _feed_metadata(report: IngestReport, summary: FeedSummary) -> dict[str, object]:
    files = [file for file in report.files if file.feed == summary.feed]
    loaded = [file for file in files if file.status == "loaded"]
    failed = [f"{file.source_file}: {file.error}" for file in files if file.status == "failed"]
    noted = [f"{file.source_file}: {file.notes}" for file in loaded if file.notes]
    return {
        "dagster/row_count": summary.row_count,
        "files": summary.file_count,
        "unreadable_files": summary.failed_file_count,
        "size_bytes": summary.size_bytes,
        "files_loaded_now": len(loaded),
        "rows_loaded_now": sum(file.rows_in for file in loaded),
        "malformed_rows_now": sum(file.malformed_rows for file in loaded),
        "unreadable": dg.MetadataValue.md(
            "\n".join(f"- {line}" for line in failed[:LISTED_FAILURES])
        ),
        "notes": dg.MetadataValue.md("\n".join(f"- {line}" for line in noted[:LISTED_FAILURES])),
    }


def _seed_metadata(seed: SeedFile) -> dict[str, object]:
    return {
        "dagster/row_count": seed.row_count,
        "error": seed.error or "",
        "unknown_columns": ", ".join(seed.unknown_columns),
    }
