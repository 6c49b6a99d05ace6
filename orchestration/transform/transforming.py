"""What a whole run of dbt is told and leaves behind, whoever runs it.

`begin` decides whether it adds to what stands or builds everything anew; `complete` notes how far
it came. A run that is killed in between leaves no note, and the next takes up the same loads.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from orchestration.ingest.definitions.hashes import definition_hashes, note_definitions
from orchestration.project import Settings
from orchestration.store import audience_lists, watermarks
from orchestration.transform.dbt_runs import Manifest, configuration_hash, incremental_models

COMPUTED = "computed anew: "
"""How a line of the log begins that says what was computed anew, and why."""
_TOLD_CAUSES = 5
# Tables whose rows before a build are read by it, beside the incremental ones.
_READ_BEFORE = (
    ("intermediate", "int_identity_links"),
    ("facts", "dim_users"),
    ("facts", "fct_lifecycle_grounds"),
)


@dataclass(frozen=True)
class Transformation:
    """A run of dbt that is under way: the newest load it sees, and from what it builds."""

    load_id: int
    configuration_hash: str
    is_rebuild: bool
    why: str
    """Why it is one."""
    definitions: Mapping[tuple[str, str], str]
    """What each definition says that it computes: a hash by kind and id."""
    asked: str
    """What the definitions ask of a build, so that dbt leaves the rest out."""
    settings: Settings

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
    is_partial: bool = False,
    there: Collection[tuple[str, str]] | None = None,
) -> Transformation:
    """Decide how to build, before dbt starts; with `anew` everything is built from raw.

    A run that is partial, of some models alone, does not ask for tables of others. `there` are the
    tables of another engine, by schema and name; by default the warehouse's own are meant.
    """
    configuration = configuration_hash(settings, manifest)
    last = watermarks.last(connection)
    why = ""
    if last is None:
        why = "nothing whole was built before"
    elif last.configuration_hash != configuration:
        why = "settings, SQL, the tracking plan or the rates are others than before"
    elif anew:
        why = "it was asked for"
    elif not is_partial and (missing := _missing(connection, manifest, there)):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        why = f"{missing[0]}{more} is missing"
    if why and last is not None:
        watermarks.begin_rebuild(connection)
    return Transformation(
        watermarks.newest_load_id(connection),
        configuration,
        bool(why),
        why,
        definition_hashes(connection),
        asked_of_a_build(connection),
        settings,
    )


def _missing(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    there: Collection[tuple[str, str]] | None,
) -> list[str]:
    """Tables that a build adds to, or reads as they were, and that are not there."""
    if there is None:
        there = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = current_database()"
        ).fetchall()
    wanted = {
        *((node["schema"], node["alias"]) for node in incremental_models(manifest).values()),
        *_READ_BEFORE,
    }
    return sorted(f"{schema}.{name}" for schema, name in wanted - {*there})


def asked_of_a_build(connection: duckdb.DuckDBPyConnection) -> str:
    """What the definitions that are loaded ask of a build: from which to which position paths have
    items, and how many steps a funnel has. JSON, which dbt's macros read."""
    positions = connection.execute(
        "select -coalesce(max(steps) filter (direction <> 'after'), 0),"
        " coalesce(max(steps) filter (direction <> 'before'), 0) from seeds.paths"
    ).fetchone()
    steps = connection.execute(
        "select greatest(2, max(step_number)) from seeds.funnel_steps"
    ).fetchone()
    assert steps is not None
    return json.dumps({"path_positions": positions, "funnel_steps": steps[0]})


def what_was_computed(connection: duckdb.DuckDBPyConnection, run: Transformation) -> Iterator[str]:
    """What the run computed anew, and why, line by line, as `mart_recomputations` has it."""
    if run.is_rebuild:
        yield f"everything from the raw files, because {run.why}"
        return
    causes = connection.execute(
        "select definition, definition_id, user_count, reason_en, from_at"
        " from marts.mart_recomputations order by definition nulls last, definition_id, reason"
    ).fetchall()
    if not causes:
        yield "nobody, because no file came or changed, and no definition counts in another way"
    for definition, name, users, reason, from_at in causes[:_TOLD_CAUSES]:
        whose = f"{users:,} user(s)" if users else ""
        what = [f"{definition} {name}"] if definition else []
        since = f" from {from_at:%Y-%m-%d %H:%M} on" if from_at else ""
        yield f"{' for '.join([*what, *filter(None, [whose])])}{since}, because {reason}"
    if len(causes) > _TOLD_CAUSES:
        yield f"{len(causes) - _TOLD_CAUSES} more: marts.mart_recomputations lists them"


def complete(connection: duckdb.DuckDBPyConnection, transformation: Transformation) -> None:
    """Note that all of it is built, and green: from now on its lists of audiences stand."""
    connection.begin()
    try:
        audience_lists.archive(connection, transformation.settings)
        watermarks.write(connection, transformation.load_id, transformation.configuration_hash)
        note_definitions(connection, transformation.definitions)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
