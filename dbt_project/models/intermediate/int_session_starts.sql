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

{# Of a session that began before the cut-off of an expiry, its start and its last activity
   there are known. #}
archived as (

    {{ archived_rows('stg_archived_sessions', ['started_at', 'last_activity_at']) }}

),

activity as (

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

),

instants as (

    select
        activity.user_id,
        activity.occurred_at,
        activity.is_archived_end,
        lag(activity.occurred_at) over (
            partition by activity.user_id order by activity.occurred_at, activity.is_archived_end
        ) as previous_at
    from activity
    {% if is_incremental() -%}
    inner join touched_users
        on activity.user_id = touched_users.user_id
        and activity.occurred_at >= touched_users.recompute_from_at
    {%- endif %}

),

opened as (

    select
        user_id,
        occurred_at,
        case
            when
                previous_at is null
                or not is_archived_end
                and occurred_at >= {{ dbt.dateadd(
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
