{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'started_at': 'recompute_from_at'}},
) }}
{{ with_recursive() }}

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

-- Of a session that began before the cut-off of an expiry, its start and its last activity there.
archived as (

    select
        user_id,
        max(started_at) as started_at,
        max(last_activity_at) as last_activity_at
    from (
        {{ archived_rows('arc_sessions', ['started_at', 'last_activity_at']) }}
    ) as rows_of_ids
    group by user_id

),

-- Activity by spans as long as the gap that ends a session: none lies within one. They are a sixth of
-- the events, and found by a hash; what has to be sorted is no more than they.
stretches as (

    select
        activity.user_id,
        min(activity.occurred_at) as started_at,
        max(activity.occurred_at) as ended_at
    from {{ ref('int_events_resolved') }} as activity
    {{ join_touched('activity', 'occurred_at') }}
    where activity.is_activity
    group by
        activity.user_id,
        {{ microseconds_between(beginning(), 'activity.occurred_at') }}
        - mod(
            {{ microseconds_between(beginning(), 'activity.occurred_at') }},
            {{ 60000000 * var('session_gap_minutes') }}
        )

    union all

    select
        archived.user_id,
        archived.started_at,
        archived.last_activity_at as ended_at
    from archived
    {{ join_touched('archived', 'started_at') }}

),

neighbours as (

    select
        user_id,
        started_at,
        lag(ended_at) over (partition by user_id order by started_at) as previous_ended_at,
        max(ended_at) over (
            partition by user_id order by started_at
            rows between unbounded preceding and unbounded following
        ) as last_ended_at
    from stretches

),

-- Runs: activity without a gap. One ends before the next opens, the last with all activity.
runs as (

    select
        user_id,
        started_at,
        coalesce(
            lead(previous_ended_at) over (partition by user_id order by started_at),
            last_ended_at
        ) as ended_at
    from neighbours
    where
        previous_ended_at is null
        or started_at >= {{ dbt.dateadd(
            'minute', var('session_gap_minutes'), 'previous_ended_at'
        ) }}

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

-- The instant says nothing: it makes this another reading of the events than the first, which DuckDB
-- would keep as a whole for both.
long_run_events as (

    select distinct
        long_runs.user_id,
        long_runs.started_at as run_started_at,
        activity.occurred_at
    from (
        select
            user_id,
            occurred_at
        from {{ ref('int_events_resolved') }}
        where is_activity and occurred_at > {{ beginning() }}

        union all

        select
            user_id,
            started_at as occurred_at
        from archived

        union all

        select
            user_id,
            last_activity_at as occurred_at
        from archived
    ) as activity
    inner join long_runs
        on activity.user_id = long_runs.user_id
        and activity.occurred_at >= long_runs.started_at
        and activity.occurred_at <= long_runs.ended_at

),

cuts as (

    {{ session_cuts('long_run_events') }}

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
