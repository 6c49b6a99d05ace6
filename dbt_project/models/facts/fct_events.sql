{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'occurred_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

-- The day of those alone that are computed: a calendar of another zone than UTC costs as much as all
-- else.
events as (

    select
        resolved.*,
        {{ local_date('resolved.occurred_at') }} as event_date,
        case when resolved.is_activity then resolved.occurred_at end as activity_at
    from {{ ref('int_events_resolved') }} as resolved
    {{ join_touched('resolved', 'occurred_at') }}

),

sessions as (

    select
        starts.session_id,
        starts.user_id,
        {{ local_date('starts.started_at') }} as session_date,
        starts.started_at,
        starts.ended_at
    from {{ ref('int_session_starts') }} as starts
    {{ join_touched('starts', 'started_at') }}

),

-- A session on each day that it is of, so that an event looks for its own among those of its user
-- and day: an equality, which an engine hashes.
session_days as (

    select
        sessions.session_id,
        sessions.user_id,
        cast({{ dbt.dateadd('day', 'day_numbers.day_number', 'sessions.session_date') }} as date)
            as event_date,
        sessions.started_at,
        sessions.ended_at
    from sessions
    {{ explode(
        integer_array('0', days_between('sessions.session_date', local_date('sessions.ended_at'))),
        'day_numbers',
        'day_number'
    ) }}

),

-- Rows lie as they came, so roughly by time. Against an order by user and time, over 20 million
-- generated events, in processor seconds: written in 0.6 of them and 9 % smaller, because no row is
-- sorted, which at this width means written to disk and read again; a new day's users, from their
-- last session on, are read in 0.2, because only the last row groups have them. What it costs: counts
-- by session or by user and day take 1.2, events put in order by user 1.3, a count by user 2.5 (0.26
-- seconds of 20 million). Columns are compressed as DuckDB chooses, which is dictionaries and FSST:
-- without FSST 20 million are written in 0.9 of the processor time, and take 722 MB rather than 541;
-- without dictionaries in as much, and take 2,008 MB.
sessionized as (

    select
        events.*,
        session_days.session_id
    from events
    left join session_days
        on events.user_id = session_days.user_id
        and events.event_date = session_days.event_date
        and events.activity_at >= session_days.started_at
        and events.activity_at <= session_days.ended_at

)

select
    event_id,
    source_id,
    user_id,
    anonymous_id,
    session_id,
    source_session_id,
    event_name,
    {% for column in event_text_columns() -%}
    {{ column }},
    {% endfor -%}
    properties,
    amount,
    is_activity,
    event_date,
    occurred_at,
    received_at
from sessionized
