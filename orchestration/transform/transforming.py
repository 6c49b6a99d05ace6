"""What a whole run of dbt is told and leaves behind, whoever runs it.

`begin` decides whether it adds to what stands or builds everything anew; `complete` notes how far
it came. A run that is killed in between leaves no note, and the next takes up the same loads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from orchestration.ingest.definitions.schema import DEFINITIONS
from orchestration.project import Settings
from orchestration.store import watermarks
from orchestration.transform.dbt_runs import (
    Manifest,
    by_user_models,
    configuration_hash,
    definitions_hash,
)

COMPUTED = "computed anew: "
"""How a line of the log begins that says what was computed anew, and why."""
_TOLD_CHANGES = 5


@dataclass(frozen=True)
class Transformation:
    """A run of dbt that is under way: the newest load it sees, and from what it builds."""

    load_id: int
    configuration_hash: str
    definitions_hash: str
    is_rebuild: bool
    has_changed: bool
    """It is a rebuild because settings or SQL changed."""
    since_load_id: int | None
    """The newest load that the build before had seen; None where nothing whole was built."""
    definitions: Mapping[str, str]
    """A hash of what each definition says, by its file and id."""
    changed_definitions: tuple[str, ...]
    """Those that say something else than in the build before."""

    @property
    def arguments(self) -> list[str]:
        """What `dbt build` or `dbt run` is given besides its selection."""
        return ["--full-refresh"] if self.is_rebuild else []


def begin(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    manifest: Manifest,
    *,
    anew: bool = False,
) -> Transformation:
    """Decide how to build, before dbt starts; with `anew` everything is built from raw."""
    configuration = configuration_hash(settings, manifest)
    last = watermarks.last(connection)
    has_changed = last is not None and last.configuration_hash != configuration
    is_rebuild = anew or last is None or has_changed
    if is_rebuild and last is not None:
        watermarks.begin_rebuild(connection)
    definitions = definitions_hash(settings, manifest)
    said = definition_hashes(connection)
    before = json.loads(watermarks.last_definitions(connection) or "null")
    if watermarks.last_definitions_hash(connection) != definitions:
        # Should this run break off, the old definitions find rows of these: not to be built upon.
        watermarks.forget_definitions_hash(connection)
    return Transformation(
        watermarks.newest_load_id(connection),
        configuration,
        definitions,
        is_rebuild,
        has_changed,
        last.load_id if last else None,
        said,
        () if before is None else tuple(_changes(before, said)),
    )


def definition_hashes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """A hash of what each definition that is loaded says, by its file and id."""
    rows: dict[str, list[str]] = {}
    for definition in DEFINITIONS:
        columns = definition.columns
        listed = ", ".join(f'"{column}"' for column in columns)
        for row in connection.execute(
            f"select {listed} from seeds.{definition.name} order by row_number"
        ).fetchall():
            ids = [row[columns.index(column)] for column in definition.ids]
            name = " ".join([definition.file, *map(str, ids)])
            rows.setdefault(name, []).append(str(row))
    return {
        name: hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]
        for name, said in rows.items()
    }


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        if name not in before:
            yield f"{name} (new)"
        elif name not in now:
            yield f"{name} (gone)"
        elif before[name] != now[name]:
            yield f"{name} (changed)"


def what_was_computed(
    connection: duckdb.DuckDBPyConnection, run: Transformation, manifest: Manifest
) -> Iterator[str]:
    """What the run computed anew, and why, in a line or two; before `complete`."""
    if run.is_rebuild:
        why = "it was asked for"
        if run.since_load_id is None:
            why = "nothing whole was built before"
        elif run.has_changed:
            why = "settings, SQL, the tracking plan or the rates are others than before"
        yield f"everything from the raw files, because {why}"
        return
    changes = run.changed_definitions
    is_same = watermarks.last_definitions_hash(connection) == run.definitions_hash
    if not is_same:
        named = ", ".join(changes[:_TOLD_CHANGES])
        more = f" and {len(changes) - _TOLD_CHANGES} more" if len(changes) > _TOLD_CHANGES else ""
        yield (
            f"{len(by_user_models(manifest))} tables of definitions for all users, because of "
            f"{named + more or 'other SQL, or a build that broke off'}"
        )
    elif changes:
        yield f"what reads {', '.join(changes[:_TOLD_CHANGES])}"
    loads, users = connection.execute(
        "select (select count(*) from raw.ingest_files where load_id > $since),"
        " (select count(distinct user_id) from intermediate.int_users_recomputed"
        " where load_id > $since)",
        {"since": run.since_load_id},
    ).fetchone() or (0, 0)
    if loads or users:
        yield f"{users:,} user(s), because of {loads:,} file(s) that came or changed"
    elif is_same and not changes:
        yield "nobody, because no file came or changed, and no definition did"


def forget_other_definitions(
    connection: duckdb.DuckDBPyConnection,
    run: Transformation,
    manifest: Manifest,
    standing: Collection[str] = (),
) -> None:
    """Drop the facts of definitions that were computed with other ones, for dbt to make them anew.

    All of them, because they are parts of each other: also when one is missing. `standing` are
    the models, by dbt's unique ids, that this build has made already.
    """
    tables = {
        unique_id: (node["schema"], node["alias"])
        for unique_id, node in by_user_models(manifest).items()
        if unique_id not in standing
    }
    there = set(
        connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = current_database()"
        ).fetchall()
    )
    is_same = watermarks.last_definitions_hash(connection) == run.definitions_hash
    if is_same and there.issuperset(tables.values()):
        return
    for schema, name in tables.values():
        connection.execute(f'drop table if exists "{schema}"."{name}"')


def complete(connection: duckdb.DuckDBPyConnection, transformation: Transformation) -> None:
    """Note that all of it is built, and green."""
    watermarks.write(connection, transformation.load_id, transformation.configuration_hash)
    watermarks.write_definitions_hash(
        connection, transformation.definitions_hash, json.dumps(transformation.definitions)
    )
