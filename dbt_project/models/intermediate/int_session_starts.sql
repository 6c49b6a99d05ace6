{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'started_at': 'recompute_from_at'}},
) }}
with recursive

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

instants as (

    select
        events.user_id,
        events.occurred_at,
        lag(events.occurred_at) over (
            partition by events.user_id order by events.occurred_at
        ) as previous_at
    from {{ ref('int_events_resolved') }} as events
    {% if is_incremental() -%}
    inner join touched_users
        on events.user_id = touched_users.user_id
        and events.occurred_at >= touched_users.recompute_from_at
    {% endif -%}
    where events.is_activity

),

opened as (

    select
        user_id,
        occurred_at,
        case
            when
                previous_at is null
                or occurred_at >= {{ dbt.dateadd(
                    'minute', var('session_gap_minutes'), 'previous_at'
                ) }}
                then occurred_at
        end as opened_at
    from instants

),

-- Runs: activity without a gap. By range, so that what happened at the very instant of an
-- opening is in the run that it opens.
runs as (

    select
        user_id,
        occurred_at,
        max(opened_at) over (
            partition by user_id
            order by occurred_at
            range between unbounded preceding and current row
        ) as run_started_at
    from opened

),

-- A run that lasts longer than a session may is cut at its first event at or after the
-- limit, and again from there. Few runs do; only their late events are walked.
late_events as (

    select distinct
        user_id,
        run_started_at,
        occurred_at
    from runs
    where occurred_at >= {{ dbt.dateadd('hour', var('session_max_hours'), 'run_started_at') }}

),

cuts as (

    select
        user_id,
        run_started_at,
        min(occurred_at) as started_at
    from late_events
    group by user_id, run_started_at

    union all

    select
        late_events.user_id,
        late_events.run_started_at,
        min(late_events.occurred_at) as started_at
    from cuts
    inner join late_events
        on cuts.user_id = late_events.user_id
        and cuts.run_started_at = late_events.run_started_at
        and late_events.occurred_at >= {{ dbt.dateadd(
            'hour', var('session_max_hours'), 'cuts.started_at'
        ) }}
    group by late_events.user_id, late_events.run_started_at

),

starts as (

    select
        user_id,
        opened_at as started_at
    from opened
    where opened_at is not null

    union all

    select
        user_id,
        started_at
    from cuts

)

select
    md5(user_id || '|' || cast(started_at as {{ dbt.type_string() }})) as session_id,
    user_id,
    started_at
from starts
