{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched'},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    select
        session_id,
        user_id,
        platform,
        country,
        utm_source,
        utm_medium,
        utm_campaign,
        occurred_at,
        row_number() over (
            partition by session_id order by occurred_at, source_id, event_id
        ) as event_number
    from {{ ref('fct_events') }}
    where
        session_id is not null
        {% if is_incremental() -%}
        and user_id in (select user_id from touched_users)
        {%- endif %}

),

sessions as (

    select
        session_id,
        user_id,
        max(case when event_number = 1 then platform end) as platform,
        max(case when event_number = 1 then country end) as country,
        max(case when event_number = 1 then utm_source end) as utm_source,
        max(case when event_number = 1 then utm_medium end) as utm_medium,
        max(case when event_number = 1 then utm_campaign end) as utm_campaign,
        count(*) as event_count,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at
    from events
    group by session_id, user_id

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
