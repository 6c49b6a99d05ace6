{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'settled_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
{%- set settled_at = add_seconds('content_events.occurred_at', var('read_window_seconds')) %}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    select
        content_events.*,
        {{ settled_at }} as settled_at
    from {{ ref('fct_content_events') }} as content_events
    {% if is_incremental() -%}
    inner join touched_users
        on content_events.user_id = touched_users.user_id
        and {{ settled_at }} >= touched_users.recompute_from_at
    {% endif -%}
    where content_events.role in ('read_start', 'read_progress', 'read_finish')

),

-- An event is of the latest read at or before it.
numbered as (

    select
        events.*,
        count(case when role = 'read_start' then 1 end) over so_far as read_number,
        max(case when role = 'read_start' then occurred_at end) over so_far as started_at
    from events
    window so_far as (
        partition by user_id, content_id
        order by {{ event_order() }}
        rows between unbounded preceding and current row
    )

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
                    then {{ microseconds_between('started_at', 'max(occurred_at)') }} / 1000000.0e0
            end
        ) as decimal(18, 6)) as dwell_seconds,
        bool_or(role = 'read_finish')
        or coalesce(max(progress) >= {{ var('finish_progress') }}, false) as is_finished,
        started_at,
        min(settled_at) as settled_at
    from numbered
    where {{ add_seconds('started_at', var('read_window_seconds')) }} >= occurred_at
    group by user_id, content_id, read_number, started_at

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
