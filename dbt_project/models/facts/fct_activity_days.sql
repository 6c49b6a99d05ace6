{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['activity_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'activity', 'from': 'activity_date'}},
) }}
-- `any` is left out: its days are fct_user_active_days, the largest fact but one, and would
-- only be copied.
with

step_activity_events as (

    select * from {{ ref('step_activity_events') }}

),

activity_days as (

    select
        events.activity_id,
        events.user_id,
        count(*) as event_count,
        events.event_date as activity_date
    from step_activity_events as events
    {{ join_recomputed('activity', 'events', 'event_date') }}
    where events.activity_id <> 'any'
    group by events.activity_id, events.user_id, events.event_date

    {{ union_archived('arc_activity_days', {
        'activity_id': 'key', 'user_id': 'key', 'event_count': 'sum', 'activity_date': 'key',
    }, recomputed={'by': 'activity', 'from': 'activity_date'}) }}

)

select * from activity_days
