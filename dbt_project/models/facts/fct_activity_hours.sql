{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['activity_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'activity', 'from': 'event_date'}},
) }}
with

active_events as (

    select
        'any' as activity_id,
        user_id,
        event_date,
        occurred_at
    from {{ ref('fct_events') }}
    where is_activity

    union all

    select
        activity_id,
        user_id,
        event_date,
        occurred_at
    from {{ ref('step_activity_events') }}
    where activity_id <> 'any'

),

recomputed_events as (

    select events.*
    from active_events as events
    {{ join_recomputed('activity', 'events', 'event_date') }}

),

-- By the hours of the reporting zone's clock. An hour that the clock shows twice is two, by the
-- instants at which they began.
user_hours as (

    select
        activity_id,
        user_id,
        cast(extract(hour from {{ local_timestamp('occurred_at') }}) as integer) as hour_of_day,
        count(*) as event_count,
        event_date,
        {{ local_hour_start('occurred_at') }} as hour_started_at
    from recomputed_events
    group by activity_id, user_id, event_date, hour_of_day, hour_started_at

    {{ union_archived('arc_activity_hours', {
        'activity_id': 'key', 'user_id': 'key', 'hour_of_day': 'key', 'event_count': 'sum',
        'event_date': 'key', 'hour_started_at': 'key',
    }, recomputed={'by': 'activity', 'from': 'event_date'}) }}

)

select
    activity_id,
    user_id,
    hour_of_day,
    event_count,
    event_date,
    hour_started_at
from user_hours
