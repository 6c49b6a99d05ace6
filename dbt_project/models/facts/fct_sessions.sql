{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'started_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    select events.*
    from {{ ref('fct_events') }} as events
    {{ join_touched('events', 'occurred_at') }}
    where events.session_id is not null

),

-- The first event by an aggregate, which needs no sort: 3 times as fast as a rank of all.
grouped as (

    select
        session_id,
        user_id,
        min_by(
            {{ struct_of(['platform', 'country', 'utm_source', 'utm_medium', 'utm_campaign']) }},
            {{ struct_of(['occurred_at', 'source_id', 'event_id']) }}
        ) as first_event,
        count(*) as event_count,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at
    from events
    group by session_id, user_id

),

sessions as (

    select
        session_id,
        user_id,
        first_event.platform,
        first_event.country,
        first_event.utm_source,
        first_event.utm_medium,
        first_event.utm_campaign,
        event_count,
        started_at,
        ended_at
    from grouped

)

select
    session_id,
    user_id,
    platform,
    country,
    utm_source,
    utm_medium,
    utm_campaign,
    event_count,
    cast(
        {{ microseconds_between('started_at', 'ended_at') }} / 1000000.0 as double
    ) as duration_seconds,
    {{ local_date('started_at') }} as session_date,
    started_at,
    ended_at
from sessions
