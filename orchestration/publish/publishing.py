"""Publishing: a new folder for each build, and one atomic swap of a symlink to it.

    $YUNYING_PUBLISH_DIR/
      builds/<build_id>/      yunying.duckdb  parquet/<schema>/<table>.parquet  data_docs/
                              audiences/<audience_id>/<export_at>.csv
                              index.html  glossary.html  tables.html  boards/  build.json
      current              -> builds/<build_id>          swapped by one rename
      yunying.duckdb       -> current/yunying.duckdb     never changes
      parquet              -> current/parquet
      audiences            -> current/audiences, or those of the newest build
      data_docs            -> current/data_docs, and so index.html, boards ...
      docs/                   what `make docs` makes, of the project and of no build

Whatever interrupts a publish before the swap, readers keep the build before. Readers that hold
a file of an older build open go on reading it, also when its folder is removed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import duckdb

from orchestration.project import ROOT, Settings
from orchestration.publish import audience_files, bucket, builds, restatements
from orchestration.publish.builds import DATABASE, PublishedBuild, current_build
from orchestration.publish.postgres import serving
from orchestration.publish.restatements import PERSON_ID_COLUMNS, Relation, Restating
from orchestration.publish.site import WriteSite
from orchestration.store.keyed_hash import hash_sql, keyed_hash, set_key
from orchestration.store.sql import literal, quote, value
from orchestration.transform import build_checks
from orchestration.transform.build_checks import BuildCheck

__all__ = ["DATABASE", "PublishedBuild", "current_build", "erasure_epoch", "publish"]

_PSEUDONYM = "pseudonym"
_AUDIENCE_MEMBERS = ("marts", "mart_audience_members")


def publish(
    settings: Settings,
    relations: Sequence[tuple[str, str]],
    configuration_hash: str,
    data_docs: Path | None = None,
    keep: int | None = None,
    fingerprint: str = "",
    made_of: Mapping[str, str] | None = None,
    restating: Restating | None = None,
    purposes: Mapping[tuple[str, str], str] = MappingProxyType({}),
    chinese: Mapping[str, str] = MappingProxyType({}),
    checks: tuple[BuildCheck, ...] = (),
    write_site: WriteSite | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> PublishedBuild:
    """Copy relations of the warehouse, given as `(schema, table)`, and make them the current build.

    With `restating`, one of them becomes the list of ripe values that were others in the build
    that readers see. `purposes` says what tables with ids of people are for: who has taken their
    consent back is in them without an id. `chinese` are words of tables and columns, which stand in
    their comments below the English. `checks` become the table `build_checks`; `write_site`
    writes pages from the file, so that both are swapped in at once.
    `keep` builds stay, by default as many as the settings say; none from before an erasure.
    With a PostgreSQL server or a bucket in the settings the build is served there too, or nowhere.
    Raises whatever hinders it (`duckdb.Error`, `OSError`, `ServingError`), after removing what it
    had begun.
    """
    folder = builds.builds_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with builds.publish_lock(settings):
        builds.remove_unfinished(settings)
    now = datetime.now(UTC)
    build_id = f"{now:%Y%m%dT%H%M%S%f}Z"
    unfinished = builds.unfinished_path(settings, build_id)
    try:
        unfinished.mkdir()
        build = replace(
            _write(
                settings,
                relations,
                configuration_hash,
                unfinished,
                build_id,
                now,
                dict(made_of or {}),
                restating,
                purposes,
                chinese,
                checks,
            ),
            fingerprint=fingerprint,
        )
        if data_docs is not None and data_docs.is_dir():
            shutil.copytree(data_docs, unfinished / "data_docs")
        else:
            (unfinished / "data_docs").mkdir()
        if write_site is not None:
            write_site(unfinished, build)
        builds.sync_tree(unfinished)
        with (
            bucket.filling(settings, unfinished, build, say) as show,
            serving(settings, unfinished / DATABASE, build, say) as commit,
            builds.publish_lock(settings),
        ):
            # Now, not before: readers may have been taken back while tables were copied.
            seen = current_build(settings)
            build = replace(build, previous_build_id=seen.build_id if seen else None)
            text = json.dumps(asdict(build), indent=2)
            (unfinished / "build.json").write_text(text, encoding="utf-8")
            builds.sync(unfinished / "build.json")
            builds.sync(unfinished)
            # The bucket and PostgreSQL first: they may still refuse. What comes after them are
            # renames on this disk.
            show()
            commit()
            unfinished.rename(folder / build_id)
            builds.sync(folder)
            builds.show(settings, build_id)
            builds.forget(settings, build, settings.builds_kept if keep is None else keep)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return build


def erasure_epoch(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> int:
    """Number of erasures that the warehouse has completed; 0 where it keeps no list of them.

    `database` is the name that the warehouse is attached as; by default it is the connection's
    own.
    """
    row = connection.execute(
        "select database_name from duckdb_tables() where schema_name = 'raw' and table_name ="
        f" 'erasures' and database_name = coalesce({value(database)}, current_database())"
    ).fetchone()
    if row is None:
        return 0
    count = connection.execute(f"select count(*) from {quote(row[0])}.raw.erasures").fetchone()
    return int(count[0]) if count else 0


def _write(
    settings: Settings,
    relations: Iterable[tuple[str, str]],
    configuration_hash: str,
    folder: Path,
    build_id: str,
    now: datetime,
    made_of: dict[str, str],
    restating: Restating | None,
    purposes: Mapping[tuple[str, str], str],
    chinese: Mapping[str, str],
    checks: tuple[BuildCheck, ...],
) -> PublishedBuild:
    row_counts: dict[str, int] = {}
    with duckdb.connect(
        str(folder / DATABASE),
        config={"memory_limit": settings.memory_limit, "threads": settings.threads},
    ) as connection:
        connection.execute("set TimeZone = 'UTC'")
        if settings.pseudonym_key is not None:
            set_key(connection, _PSEUDONYM, settings.pseudonym_key)
        connection.execute(f"attach {literal(settings.warehouse)} as warehouse (read_only)")
        comments = _comments(connection)
        described = {one: {"": None, **comments.get(one, {})} for one in relations}
        for schema, table in relations:
            # The list of what moved is made here, and what the warehouse has of it stays there.
            is_list = restating is not None and restating.table == (schema, table)
            row_counts[f"{schema}.{table}"] = _copy(
                connection,
                settings,
                schema,
                table,
                filter(None, described[schema, table]),
                "false" if is_list else "true",
                purposes.get((schema, table)),
            )
        _describe(connection, build_id, described, chinese)
        build = PublishedBuild(
            build_id=build_id,
            built_at=now.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds"),
            data_through_at=_data_through_at(connection),
            configuration_hash=configuration_hash,
            code_version=_code_version(),
            row_counts=row_counts,
            erasure_epoch=erasure_epoch(connection, "warehouse"),
            load_id=_copy_files(connection),
            ids_hashed_with=_key_mark(settings),
            made_of=made_of,
        )
        if restating is not None:
            moved = restatements.fill(
                connection, settings, restating, current_build(settings), build, set(purposes)
            )
            build = replace(build, restated_value_count=moved)
            row_counts[".".join(restating.table)] = _count(connection, *restating.table)
        for schema, table in relations:
            _write_parquet(connection, folder, build_id, schema, table)
        if _AUDIENCE_MEMBERS in comments:
            audience_files.write(connection, folder, _selected(settings, "user_id", None))
        connection.execute(
            f"create table build as select {value(build.build_id)} as build_id,"
            f" cast({value(build.built_at)} as timestamp) as built_at,"
            f" cast({value(build.data_through_at)} as timestamp) as data_through_at,"
            f" {value(build.configuration_hash)} as configuration_hash,"
            f" cast({value(build.code_version)} as varchar) as code_version"
        )
        build_checks.write(connection, checks)
        connection.execute("detach warehouse")
        connection.execute("checkpoint")
    (folder / "parquet").mkdir(exist_ok=True)
    return build


def _copy(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    schema: str,
    table: str,
    columns: Iterable[str],
    condition: str,
    purpose: str | None,
) -> int:
    """Copy one relation; return its number of rows."""
    target = quote(schema, table)
    selected = ", ".join(_selected(settings, column, purpose) for column in columns)
    connection.execute(f"create schema if not exists {quote(schema)}")
    connection.execute(
        f"create table {target} as select {selected} from warehouse.{target} where {condition}"
    )
    return _count(connection, schema, table)


def _comments(connection: duckdb.DuckDBPyConnection) -> dict[Relation, dict[str, str | None]]:
    """What the warehouse says of each column, by relation and in their order; by `""` of the
    relation itself. Asked once: DuckDB goes through all of its tables each time."""
    found: dict[Relation, dict[str, str | None]] = {}
    for schema, table, column, comment in connection.execute(
        "select schema_name, table_name, column_name, comment from ("
        "select *, '' as column_name, 0 as column_index from duckdb_tables() union all by name"
        " select *, view_name as table_name, '' as column_name, 0 as column_index from"
        " duckdb_views() union all by name select * from duckdb_columns())"
        " where database_name = 'warehouse' order by column_index"
    ).fetchall():
        found.setdefault((schema, table), {})[column] = comment
    return found


def _describe(
    connection: duckdb.DuckDBPyConnection,
    build_id: str,
    comments: Mapping[Relation, Mapping[str, str | None]],
    chinese: Mapping[str, str],
) -> None:
    """Write the descriptions of what was copied, and the build's id; in one transaction, because
    each would wait for the disk by itself."""
    statements = []
    for (schema, table), columns in comments.items():
        name, target = f"{schema}.{table}", quote(schema, table)
        for column, english in columns.items():
            said = [english, chinese.get(f"{name}.{column}" if column else name)]
            described = _lines(said if column else [*said, f"build_id: {build_id}"])
            about = f"column {target}.{quote(column)}" if column else f"table {target}"
            if described:
                statements.append(f"comment on {about} is {literal(described)};")
    connection.execute(f"begin; {' '.join(statements)} commit")


def _lines(parts: Iterable[str | None]) -> str:
    return "\n".join(part.strip() for part in parts if part)


def _count(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    count = connection.execute(f"select count(*) from {quote(schema)}.{quote(table)}").fetchone()
    return int(count[0]) if count else 0


def _copy_files(connection: duckdb.DuckDBPyConnection) -> int:
    """Write which versions of which files the build is made of; return the newest load."""
    ledger = connection.execute(
        "select count(*) from duckdb_tables() where database_name = 'warehouse'"
        " and schema_name = 'raw' and table_name = 'ingest_files'"
    ).fetchone()
    if not ledger or not ledger[0]:
        return 0
    connection.execute(
        "create table build_files as select feed, source_file, load_id"
        " from warehouse.raw.ingest_files where status = 'loaded'"
    )
    newest = connection.execute(
        "select coalesce(max(load_id), 0) from warehouse.raw.ingest_files"
    ).fetchone()
    return int(newest[0]) if newest else 0


def _key_mark(settings: Settings) -> str:
    """Tells one key of ids from another, and from none, without giving it away."""
    if settings.pseudonym_key is None:
        return ""
    return keyed_hash(settings.pseudonym_key, "build")[:16]


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, folder: Path, build_id: str, schema: str, table: str
) -> None:
    """Write a published table as Parquet, the build's id among the file's key-value metadata."""
    path = folder / "parquet" / schema / f"{table}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"copy {quote(schema)}.{quote(table)} to {literal(path)} (format parquet, compression zstd,"
        f" kv_metadata {{build_id: {literal(build_id)}}})"
    )


def _selected(settings: Settings, column: str, purpose: str | None) -> str:
    """The column as it leaves the warehouse.

    An id of a person is a keyed hash when there is a key; it is empty where the person does not
    agree to the purpose of the table.
    """
    if column not in PERSON_ID_COLUMNS:
        return quote(column)
    leaving = quote(column)
    if settings.pseudonym_key is not None:
        leaving = hash_sql(_PSEUDONYM, leaving)
    if purpose is not None:
        leaving = f"""
            case when {quote(column)} not in (
                select user_id from warehouse.facts.fct_consent_spans
                where purpose = {literal(purpose)} and is_current and not is_granted
            ) then {leaving} end
        """
    return f"{leaving} as {quote(column)}"


def _data_through_at(connection: duckdb.DuckDBPyConnection) -> str | None:
    exists = connection.execute(
        "select count(*) from duckdb_tables() where database_name = 'warehouse'"
        " and schema_name = 'facts' and table_name = 'dim_horizon'"
    ).fetchone()
    if not exists or not exists[0]:
        return None
    row = connection.execute(
        "select cast(max(data_through_at) as varchar) from warehouse.facts.dim_horizon"
    ).fetchone()
    return row[0] if row else None


def _code_version() -> str | None:
    """The commit that built it; None outside of a git checkout."""
    try:
        result = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()
