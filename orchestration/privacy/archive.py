"""What stays when raw rows expire: written from the facts as the last whole build left them.

An archived table has the rows of a fact that lie before the cut-off. Where a fact can be cut
by its own instant it is copied; where it cannot (counts that go on after the cut-off), what the
archive has is added to what the expiring rows give. Rows of a definition that says something
else by now are left behind: the views `stg_archived_*` do not show them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.ingest.archived_tables import ARCHIVED_TABLES, EXPIRY_TABLES, FUNNEL_STEPS
from orchestration.ingest.definitions.cells import spelled
from orchestration.ingest.definitions.schema import BY_NAME
from orchestration.project import Settings
from orchestration.store import kept_tables
from orchestration.store.sql import insert_many, literal, quote, value

KEPT_TABLES = (
    *(table.name for table in ARCHIVED_TABLES),
    "expiries",
    "archived_definitions",
    "horizon_floors",
)
SESSION_DAYS = 3
"""Days for which a session may last: whoever was active in the last of them may go on."""
# Columns of definitions that change what is shown and not what is counted.
_SHOWN = frozenset(
    {"label_en", "label_zh", "breakdown_limit", "item_limit", "sequence_limit", "time_bins",
     "is_cumulative", "new_by"}
)  # fmt: skip


@dataclass(frozen=True)
class Cut:
    """Where the archive of events ends: an instant at which a day of the reporting zone begins.

    `paths_from_at` is later: a path that hangs on an earlier anchor is archived whole.
    """

    at: datetime
    day: date
    paths_from_at: datetime


def write(connection: duckdb.DuckDBPyConnection, cut: Cut) -> None:
    """Fill every archived table anew, up to the cut. Call it inside a transaction.

    The facts must be those of a whole build, and raw must still have the rows after the cut
    before.
    """
    values = {
        "at": value(cut.at),
        "day": f"date '{cut.day.isoformat()}'",
        "paths_from_at": value(cut.paths_from_at),
        "session_days": str(SESSION_DAYS),
    }
    for table in ARCHIVED_TABLES:
        connection.execute(
            f"create or replace temp table new_{table.name} as "
            f"{_QUERIES[table.name].format(**values)}"
        )
    for table in ARCHIVED_TABLES:
        listed = ", ".join(column for column, _ in table.columns)
        connection.execute(f"delete from raw.{table.name}")
        connection.execute(
            f"insert into raw.{table.name} ({listed}) select {listed} from new_{table.name}"
        )
        connection.execute(f"drop table new_{table.name}")
    connection.execute("delete from raw.archived_definitions")
    insert_many(
        connection,
        "raw.archived_definitions",
        [(*key, digest, digest) for key, digest in _hashes(connection).items()],
    )


def look_at_definitions(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Note what the definitions say now; a sentence for each that the archive no longer fits."""
    if not connection.execute("select 1 from raw.archived_definitions limit 1").fetchone():
        return []
    present = _hashes(connection)
    archived = connection.execute(
        "select definition, definition_id, archived_hash, present_hash "
        "from raw.archived_definitions order by all"
    ).fetchall()
    told = []
    for definition, name, then, before in archived:
        now = present.get((definition, name), "")
        if now != before:
            connection.execute(
                f"update raw.archived_definitions set present_hash = {literal(now)} "
                f"where definition = {literal(definition)} and definition_id = {literal(name)}"
            )
        if now != then and now:
            told.append(
                f"The {definition} {name} says something else than when raw rows expired: it "
                "counts from the rows that are left. Its history comes back when it says again "
                "what it said, until more rows expire."
            )
    return told


def keep(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Write the archive once more beside the warehouse, for the day on which that is lost."""
    kept_tables.write(connection, kept_dir(settings), KEPT_TABLES)


def recall(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Read the kept copy into a warehouse that was made anew."""
    folder = kept_dir(settings)
    if not folder.is_dir() or connection.execute("select 1 from raw.expiries limit 1").fetchone():
        return
    kept_tables.read(connection, folder, KEPT_TABLES)


def kept_dir(settings: Settings) -> Path:
    """The archive once more, beside the warehouse."""
    return settings.warehouse.with_name(settings.warehouse.name + ".archive")


def forget_people(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete what is archived of those whose ids stand in the temporary table `names`."""
    for table in EXPIRY_TABLES:
        if table.has_people:
            connection.execute(
                f"delete from raw.{table.name} where user_id in (select id from names)"
            )


def _hashes(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """A hash of what each definition says, by its kind and id."""
    texts: dict[tuple[str, str], list[object]] = {("activity", "any"): []}
    for kind, file, column in (
        ("activity", "activities", "activity_id"),
        ("stickiness", "stickiness", "stickiness_id"),
        ("funnel", "funnels", "funnel_id"),
        ("funnel", "funnel_steps", "funnel_id"),
        ("retention", "retentions", "retention_id"),
        ("path", "paths", "path_id"),
    ):
        for row in _rows(connection, file):
            texts.setdefault((kind, row[column] or ""), []).append([file, row])
    for row in _rows(connection, "filters"):
        key = (row["definition"] or "", row["definition_id"] or "")
        texts.setdefault(key, []).append(row)
    texts[("activity", "any")] = []
    # A stickiness counts an activity: it says what that says.
    for (kind, _), said in [*texts.items()]:
        if kind == "stickiness":
            activity = said[0][1]["activity_id"]  # type: ignore[index]
            said.append(texts.get(("activity", activity or "any"), []))
    return {
        key: hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        for key, said in texts.items()
    }


def _rows(connection: duckdb.DuckDBPyConnection, file: str) -> Iterator[dict[str, str | None]]:
    """The rows of a definition file in their order, without what only shows."""
    columns = [column for column in BY_NAME[file].fields if column.name not in _SHOWN]
    listed = ", ".join(quote(column.name) for column in columns)
    for row in connection.execute(
        f'select {listed} from seeds."{file}" order by row_number'
    ).fetchall():
        # A default says the same whether it is written or not.
        yield {
            column.name: None if cell is None or cell == column.default else spelled(cell)
            for column, cell in zip(columns, row, strict=True)
        }


_STEPS = range(1, FUNNEL_STEPS + 1)
_LAST_STEP_AT = (
    "case f.step_count "
    + " ".join(f"when {step} then a.step_{step}_at" for step in _STEPS)
    + " end"
)
_MISSING = "replace({value}, '::', '') = ''"

# By archived table: its rows before the cut-off. Columns are found by their names.
_QUERIES = {
    "archived_users": """
        select user_id, sum(event_count) as event_count, min(first_event_at) as first_event_at,
            max(last_event_at) as last_event_at
        from (
            select user_id, count(*) as event_count, min(occurred_at) as first_event_at,
                max(occurred_at) as last_event_at
            from facts.fct_events where occurred_at < {at} group by user_id
            union all
            select user_id, event_count, first_event_at, last_event_at from raw.archived_users
        )
        group by user_id
    """,
    "archived_identity_pairs": """
        from intermediate.int_identity_pairs where first_seen_at < {at}
    """,
    "archived_sessions": """
        select d.user_id, max(s.started_at) as started_at,
            max(d.last_activity_at) as last_activity_at
        from (
            select user_id, max(last_event_at) as last_activity_at
            from facts.fct_user_days where activity_date < {day} group by user_id
            having max(last_event_at) >= {at} - interval '{session_days} days'
        ) as d
        inner join intermediate.int_session_starts as s
            on d.user_id = s.user_id and s.started_at <= d.last_activity_at
        group by d.user_id
    """,
    "archived_user_days": "from facts.fct_user_days where activity_date < {day}",
    "archived_order_amounts": """
        select order_id, role,
            min_by(user_id, struct_pack(occurred_at, source_id, event_id)) as user_id,
            sum(amount) as amount, event_date, min(occurred_at) as occurred_at
        from facts.fct_order_amounts where event_date < {day}
        group by order_id, role, event_date
    """,
    "archived_event_days": """
        from facts.fct_event_days
        where event_date < {day} and event_name is not null and event_count > 0
    """,
    "archived_activity_days": "from facts.fct_activity_days where activity_date < {day}",
    "archived_activity_hours": "from facts.fct_activity_hours where event_date < {day}",
    "archived_stickiness_hours": "from facts.fct_stickiness_hours where activity_date < {day}",
    "archived_first_events": """
        select definition, definition_id, side, user_id from staging.stg_archived_first_events
        union
        select definition, definition_id, side, user_id from facts.fct_definition_candidates
        where first_time = 'event' and occurred_at < {at}
        union
        select c.definition, c.definition_id, c.side, c.user_id
        from facts.fct_definition_chosen_events as c
        inner join seeds.dim_selectors as s using (definition, definition_id, side)
        where s.first_time = 'matching' and c.occurred_at < {at}
        union
        select 'path', r.path_id, 'anchor', r.user_id
        from facts.fct_path_runs as r
        inner join seeds.dim_paths as p using (path_id)
        where p.scope = 'user' and p.occurrences = 'first' and r.is_anchor
            and r.occurred_at < {paths_from_at}
    """,
    "archived_retention_members": """
        from facts.fct_retention_members as m
        where cohort_event_at < {at} and not exists (
            from seeds.dim_selectors as s
            where s.definition = 'retention' and s.definition_id = m.retention_id
                and s.side = 'cohort' and s.is_read_by_day
        )
    """,
    "archived_retention_returns": """
        with returns as (
            select m.*, e.breakdown_value as return_value, e.occurred_at, e.returned_value,
                case m.window_mode
                    when 'rolling' then cast(floor(
                        datediff('microsecond', m.cohort_event_at, e.occurred_at)
                        / (case m.granularity
                            when 'hour' then 3600 when 'day' then 86400
                            when 'week' then 604800 else 2592000
                        end * 1000000.0)
                    ) as integer)
                    else e.period_index - m.period_index
                end as period
            from facts.fct_retention_members as m
            inner join facts.fct_retention_return_events as e
                on m.retention_id = e.retention_id and m.user_id = e.user_id
            inner join (
                select retention_id, max(last_period) as last_period
                from seeds.dim_retention_cells group by retention_id
            ) as l on m.retention_id = l.retention_id
            where e.occurred_at < {at} and case m.window_mode
                when 'rolling' then e.occurred_at >= m.cohort_event_at
                else e.period_index between m.period_index and m.period_index + l.last_period
            end
        ),
        counted as (
            select retention_id, user_id, period, cohort_start_at,
                count(*) as occurrence_count,
                count(case when breakdown_value = return_value then 1 end) as same_value_count,
                sum(case when period > 0 or occurred_at >= cohort_event_at
                    then returned_value end) as returned_value_sum,
                sum(case when (period > 0 or occurred_at >= cohort_event_at)
                    and breakdown_value = return_value
                    then returned_value end) as same_value_returned_sum,
                bool_or(occurred_at > cohort_event_at) as is_later,
                coalesce(bool_or(
                    occurred_at > cohort_event_at and breakdown_value = return_value
                ), false) as is_later_with_same_value
            from returns group by retention_id, user_id, period, cohort_start_at
            union all
            select retention_id, user_id, period, cohort_start_at, occurrence_count,
                same_value_count, returned_value_sum, same_value_returned_sum, is_later,
                is_later_with_same_value
            from staging.stg_archived_retention_returns
        )
        select retention_id, user_id, period, cohort_start_at,
            sum(occurrence_count) as occurrence_count,
            sum(same_value_count) as same_value_count,
            sum(returned_value_sum) as returned_value_sum,
            sum(same_value_returned_sum) as same_value_returned_sum,
            bool_or(is_later) as is_later,
            bool_or(is_later_with_same_value) as is_later_with_same_value
        from counted group by retention_id, user_id, period, cohort_start_at
    """,
    "archived_funnel_attempts": "from facts.fct_funnel_attempts where entered_at < {at}",
    "archived_funnel_openings": f"""
        select funnel_id, user_id, thread_id, max_by(step_1_at, closed_at) as step_1_at,
            max(closed_at) as closed_at
        from (
            select a.funnel_id, a.user_id, a.thread_id, a.step_1_at,
                least(
                    a.closes_at, coalesce({_LAST_STEP_AT}, a.closes_at),
                    coalesce(a.void_at, a.closes_at)
                ) as closed_at
            from facts.fct_funnel_opened_attempts as a
            inner join seeds.dim_funnels as f on a.funnel_id = f.funnel_id
            where f.count_by = 'attempts' and a.thread_id is not null and a.step_1_at < {{at}}
            union all
            select funnel_id, user_id, thread_id, step_1_at, closed_at
            from staging.stg_archived_funnel_openings
        )
        where closed_at >= {{at}}
        group by funnel_id, user_id, thread_id
    """,
    "archived_funnel_user_values": f"""
        select v.funnel_id, v.user_id, v.breakdown_value, v.occurred_at
        from (
            select funnel_id, user_id, breakdown_value, source_id, event_id, occurred_at
            from facts.fct_funnel_served_events
            where step_number is not null and occurred_at < {{at}}
            union all
            select funnel_id, user_id, breakdown_value, '', '', occurred_at
            from staging.stg_archived_funnel_user_values
        ) as v
        inner join seeds.dim_funnels as f on v.funnel_id = f.funnel_id
        where f.breakdown is not null and f.breakdown_attribution in ('first', 'last')
        qualify row_number() over (
            partition by v.funnel_id, v.user_id
            order by {_MISSING.format(value="v.breakdown_value")},
                case when f.breakdown_attribution = 'first' then v.occurred_at end,
                case when f.breakdown_attribution = 'first' then v.source_id end,
                case when f.breakdown_attribution = 'first' then v.event_id end,
                v.occurred_at desc, v.source_id desc, v.event_id desc
        ) = 1
    """,
    "archived_path_items": "from facts.fct_path_items where anchor_at < {paths_from_at}",
    "archived_path_tails": """
        select path_id, user_id, item, is_anchor, occurred_at
        from (
            select e.path_id, e.user_id, e.item, e.is_anchor, e.source_id, e.event_id,
                e.occurred_at
            from facts.fct_path_events as e
            inner join seeds.dim_paths as p using (path_id)
            where p.scope = 'user' and p.repeats = 'first' and e.occurred_at < {at}
            union all
            select path_id, user_id, item, is_anchor, '', '', occurred_at
            from staging.stg_archived_path_tails
        )
        qualify row_number() over (
            partition by path_id, user_id order by occurred_at desc, source_id desc, event_id desc
        ) = 1
    """,
}
