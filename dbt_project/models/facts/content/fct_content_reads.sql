{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'settled_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    {{ opened_events(
        ['read_start', 'read_progress', 'read_finish'], var('read_window_seconds')
    ) }}

),

reads as (

    select
        user_id,
        content_id,
        max(case when role = 'read_start' then source_id end) as source_id,
        max(case when role = 'read_start' then event_id end) as event_id,
        cast(coalesce(
            max(dwell_seconds),
            case
                when count(*) > 1
                    then {{ microseconds_between('opened_at', 'max(occurred_at)') }} / 1000000.0e0
            end
        ) as decimal(18, 6)) as dwell_seconds,
        bool_or(role = 'read_finish')
        or coalesce(max(progress) >= {{ var('finish_progress') }}, false) as is_finished,
        opened_at as started_at,
        settled_at
    from events
    group by user_id, content_id, opening_number, opened_at, settled_at

)

select
    user_id,
    content_id,
    source_id,
    event_id,
    case
        when dwell_seconds > {{ var('dwell_cap_seconds') }} then {{ var('dwell_cap_seconds') }}
        else dwell_seconds
    end as dwell_seconds,
    is_finished,
    {{ local_date('started_at') }} as read_date,
    started_at,
    settled_at
from reads
