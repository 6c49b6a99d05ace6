"""What a whole run of dbt is told and leaves behind, whoever runs it.

`begin` decides whether it adds to what stands or builds everything anew; `complete` notes how far
it came. A run that is killed in between leaves no note, and the next takes up the same loads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from orchestration.ingest.definitions.hashes import definition_hashes, note_definitions
from orchestration.project import Settings
from orchestration.store import watermarks
from orchestration.transform.dbt_runs import Manifest, configuration_hash, incremental_models

COMPUTED = "computed anew: "
"""How a line of the log begins that says what was computed anew, and why."""
_TOLD_CAUSES = 5
# Tables whose rows before a build are read by it, beside the incremental ones.
_READ_BEFORE = (("intermediate", "int_identity_links"), ("facts", "dim_users"))


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
) -> Transformation:
    """Decide how to build, before dbt starts; with `anew` everything is built from raw.

    A run that is partial, of some models alone, does not ask for tables of others.
    """
    configuration = configuration_hash(settings, manifest)
    last = watermarks.last(connection)
    why = ""
    if last is None:
        why = "nothing whole was built before"
    elif last.configuration_hash != configuration:
        why = "settings, SQL, the tracking plan or the rates are others than before"
    elif not is_partial and (missing := _missing(connection, manifest)):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        why = f"{missing[0]}{more} is missing"
    elif anew:
        why = "it was asked for"
    if why and last is not None:
        watermarks.begin_rebuild(connection)
    return Transformation(
        watermarks.newest_load_id(connection),
        configuration,
        bool(why),
        why,
        definition_hashes(connection),
        asked_of_a_build(connection),
    )


def _missing(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[str]:
    """Tables that a build adds to, or reads as they were, and that are not there."""
    there = connection.execute(
        "select schema_name, table_name from duckdb_tables()"
        " where database_name = current_database()"
    ).fetchall()
    wanted = {
        *((node["schema"], node["alias"]) for node in incremental_models(manifest).values()),
        *_READ_BEFORE,
    }
    return sorted(f"{schema}.{name}" for schema, name in wanted - {*there})


_FUNNELS = """
select
    funnels.*,
    coalesce(shapes.step_count, 0) as step_count,
    case
        when order_mode = 'any' then 'sets'
        when order_mode = 'strict' or shapes.has_choice then 'walks'
        else 'links'
    end as search
from seeds.funnels as funnels
left join (
    select
        funnel_id,
        max(step_number) as step_count,
        bool_or(is_optional or min_seconds is not null or max_seconds is not null) as has_choice
    from seeds.funnel_steps
    where step_number is not null
    group by funnel_id
) as shapes using (funnel_id)
"""
# Parts of the search for a funnel's attempts, and which funnels need one: what none needs is left
# out of the query, because DuckDB cannot know that it is empty, and would sort all attempts for it.
_FUNNEL_PARTS = {
    "links": "search = 'links'",
    "walks": "search = 'walks'",
    "sets": "search = 'sets'",
    "attempts": "count_by = 'attempts'",
    "exclusions": "funnel_id in (select funnel_id from seeds.funnel_steps"
    " where exclusion_number is not null)",
    "threads": "hold_constant is not null"
    " or (breakdown is not null and breakdown_attribution = 'all')",
    "values": "hold_constant is not null or breakdown is not null",
    "any_activity": "funnel_id in (select funnel_id from seeds.funnel_steps"
    " where coalesce(event_name, '*') = '*')",
    "chosen_events": "funnel_id in (select funnel_id from seeds.funnel_steps"
    " where first_time is not null union all select definition_id from seeds.filters"
    " where definition = 'funnel')",
    "user_values": "breakdown is not null and breakdown_attribution in ('first', 'last')",
    "step_values": "breakdown is not null and breakdown_attribution like 'step_%'",
}


def asked_of_a_build(connection: duckdb.DuckDBPyConnection) -> str:
    """What the definitions that are loaded ask of a build: the parts of the funnels' search, the
    steps of the longest funnel of each, and from which to which position paths have items.

    JSON, which dbt's macros read."""

    def rows(sql: str) -> list[tuple[object, ...]]:
        return connection.execute(sql).fetchall()

    asked = {
        "funnel_parts": [
            part
            for part, condition in _FUNNEL_PARTS.items()
            if rows(f"select 1 from ({_FUNNELS}) as funnels where {condition} limit 1")
        ],
        "funnel_steps": dict(
            rows(f"select search, max(step_count) from ({_FUNNELS}) as funnels group by search")
        ),
        "path_positions": rows(
            "select -coalesce(max(steps) filter (direction <> 'after'), 0),"
            " coalesce(max(steps) filter (direction <> 'before'), 0) from seeds.paths"
        )[0],
    }
    return json.dumps(asked)


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
    """Note that all of it is built, and green."""
    watermarks.write(connection, transformation.load_id, transformation.configuration_hash)
    note_definitions(connection, transformation.definitions)
