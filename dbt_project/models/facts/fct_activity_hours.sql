-- A view: the heat map reads what is not `any`, an expiry archives all.
{{ config(materialized='view') }}
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

user_hours as (

    {{ hours_of_events('active_events', ['activity_id', 'user_id']) }}

    {{ union_archived('arc_activity_hours', {
        'activity_id': 'key', 'user_id': 'key', 'hour_of_day': 'key', 'event_count': 'sum',
        'event_date': 'key', 'hour_started_at': 'key',
    }) }}

)

select
    activity_id,
    user_id,
    hour_of_day,
    event_count,
    event_date,
    hour_started_at
from user_hours
