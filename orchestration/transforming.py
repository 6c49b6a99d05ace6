"""What a whole run of dbt is told and leaves behind, whoever runs it.

`begin` decides whether it adds to what stands or builds everything anew; `complete` notes how far
it came. A run that is killed in between leaves no note, and the next takes up the same loads.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb

from orchestration import watermarks
from orchestration.dbt_runs import Manifest, by_user_models, configuration_hash, definitions_hash
from orchestration.project import Settings


@dataclass(frozen=True)
class Transformation:
    """A run of dbt that is under way: the newest load it sees, and from what it builds."""

    load_id: int
    configuration_hash: str
    definitions_hash: str
    is_rebuild: bool
    has_changed: bool
    """It is a rebuild because settings or SQL changed."""

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
    if watermarks.last_definitions_hash(connection) != definitions:
        # Should this run break off, the old definitions find rows of these: not to be built upon.
        watermarks.forget_definitions_hash(connection)
    return Transformation(
        watermarks.newest_load_id(connection),
        configuration,
        definitions,
        is_rebuild,
        has_changed,
    )


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
    watermarks.write_definitions_hash(connection, transformation.definitions_hash)
