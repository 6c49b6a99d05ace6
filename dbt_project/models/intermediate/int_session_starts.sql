{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'started_at': 'recompute_from_at'}},
) }}
{#- Of a session that began before the cut-off of an expiry, its start and its last activity
    there are known. Named by its text, because a CTE of all events that is read twice is kept as
    a whole: 150 bytes an event, on disk. -#}
{%- set activity -%}
select
    user_id,
    occurred_at,
    false as is_archived_end
from {{ ref('int_events_resolved') }}
where is_activity

union all

select
    user_id,
    max(started_at) as occurred_at,
    false as is_archived_end
from archived
group by user_id

union all

select
    user_id,
    max(last_activity_at) as occurred_at,
    true as is_archived_end
from archived
group by user_id
{%- endset -%}
{%- set touched_alone -%}
{% if is_incremental() -%}
inner join touched_users
    on activity.user_id = touched_users.user_id
    and activity.occurred_at >= touched_users.recompute_from_at
{%- endif %}
{%- endset -%}
with recursive

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

archived as (

    {{ archived_rows('arc_sessions', ['started_at', 'last_activity_at']) }}

),

instants as (

    select
        activity.user_id,
        activity.occurred_at,
        activity.is_archived_end,
        lag(activity.occurred_at) over (
            partition by activity.user_id order by activity.occurred_at, activity.is_archived_end
        ) as previous_at,
        lead(activity.occurred_at) over (
            partition by activity.user_id order by activity.occurred_at, activity.is_archived_end
        ) as next_at
    from (
        {{ activity | indent(8) }}
    ) as activity
    {{ touched_alone | indent(4) }}

),

opened as (

    select
        user_id,
        occurred_at,
        previous_at,
        next_at,
        previous_at is null
        or not is_archived_end
        and occurred_at >= {{ dbt.dateadd(
            'minute', var('session_gap_minutes'), 'previous_at'
        ) }} as is_opening
    from instants

),

-- Runs: activity without a gap. One ends before the next opens, the last with all activity. What
-- bounds them is an event in seven or so, and the rest of the work is on these.
bounded as (

    select
        user_id,
        occurred_at,
        is_opening,
        lead(case when is_opening then previous_at else occurred_at end) over (
            partition by user_id
            order by occurred_at, case when is_opening then 0 else 1 end
        ) as ended_at
    from opened
    where is_opening or next_at is null

),

runs as (

    select
        user_id,
        occurred_at as started_at,
        coalesce(ended_at, occurred_at) as ended_at
    from bounded
    where is_opening

),

-- A run that lasts longer than a session may is cut at its first event at or after the
-- limit, and again from there. Few runs do; only their events are walked.
long_runs as (

    select
        user_id,
        started_at,
        ended_at
    from runs
    where ended_at >= {{ dbt.dateadd('hour', var('session_max_hours'), 'started_at') }}

),

long_run_events as (

    select distinct
        long_runs.user_id,
        long_runs.started_at as run_started_at,
        activity.occurred_at
    from (
        {{ activity | indent(8) }}
    ) as activity
    inner join long_runs
        on activity.user_id = long_runs.user_id
        and activity.occurred_at >= long_runs.started_at
        and activity.occurred_at <= long_runs.ended_at

),

cuts as (

    select
        user_id,
        run_started_at,
        min(occurred_at) as started_at
    from long_run_events
    where occurred_at >= {{ dbt.dateadd('hour', var('session_max_hours'), 'run_started_at') }}
    group by user_id, run_started_at

    union all

    select
        events.user_id,
        events.run_started_at,
        min(events.occurred_at) as started_at
    from cuts
    inner join long_run_events as events
        on cuts.user_id = events.user_id
        and cuts.run_started_at = events.run_started_at
        and events.occurred_at >= {{ dbt.dateadd(
            'hour', var('session_max_hours'), 'cuts.started_at'
        ) }}
    group by events.user_id, events.run_started_at

),

part_starts as (

    select
        user_id,
        started_at as run_started_at,
        started_at
    from long_runs

    union all

    select
        user_id,
        run_started_at,
        started_at
    from cuts

),

parts as (

    select
        user_id,
        run_started_at,
        started_at,
        lead(started_at) over (
            partition by user_id, run_started_at order by started_at
        ) as next_started_at
    from part_starts

),

sessions as (

    select
        user_id,
        started_at,
        ended_at
    from runs
    where ended_at < {{ dbt.dateadd('hour', var('session_max_hours'), 'started_at') }}

    union all

    select
        parts.user_id,
        parts.started_at,
        max(events.occurred_at) as ended_at
    from parts
    inner join long_run_events as events
        on parts.user_id = events.user_id
        and parts.run_started_at = events.run_started_at
        and parts.started_at <= events.occurred_at
    where parts.next_started_at is null or events.occurred_at < parts.next_started_at
    group by parts.user_id, parts.started_at

)

select
    md5(user_id || '|' || cast(started_at as {{ dbt.type_string() }})) as session_id,
    user_id,
    started_at,
    ended_at
from sessions
