{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['user_id'],
    on_schema_change='fail',
) }}
-- `any` is left out: its days are fct_user_days, the largest fact but one, and would
-- only be copied.
with

fct_activity_events as (

    select * from {{ ref('fct_activity_events') }}

),

activity_days as (

    select
        activity_id,
        user_id,
        count(*) as event_count,
        event_date as activity_date
    from fct_activity_events
    where activity_id <> 'any' and {{ is_recomputed('fct_activity_events.user_id') }}
    group by activity_id, user_id, event_date

    {{ union_archived('stg_archived_activity_days', {
        'activity_id': 'key', 'user_id': 'key', 'event_count': 'sum', 'activity_date': 'key',
    }, by_user=true) }}

)

select * from activity_days
