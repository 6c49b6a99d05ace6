{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['event_date'],
    meta={'touched': 'int_days_touched'},
    on_schema_change='fail',
) }}
with

touched_days as (

    select * from {{ ref('int_days_touched') }}

),

events as (

    select events.*
    from {{ ref('fct_content_events') }} as events
    {% if is_incremental() -%}
    inner join touched_days on events.event_date = touched_days.event_date
    {% endif -%}
    where events.content_id is not null

),

-- Of two at one instant the first by its id; and the last, of those that turn a piece on and off.
decided as (

    select
        content_id,
        event_date,
        min_by(role, {{ struct_of(['occurred_at', 'source_id', 'event_id']) }}) = 'approve'
            as is_first_decision_approval
    from events
    where role in ('approve', 'reject')
    group by content_id, event_date

),

turned as (

    select
        content_id,
        event_date,
        max_by(role, {{ struct_of(['occurred_at', 'source_id', 'event_id']) }}) as last_role
    from events
    where role in ('publish', 'unpublish')
    group by content_id, event_date

),

counted as (

    select
        content_id,
        event_date,
        min(occurred_at) as first_event_at,
        min(case
            when role not in ('submit', 'approve', 'reject', 'unpublish', 'creator_reward')
                then occurred_at
        end) as first_shown_at,
        min(case when role = 'submit' then occurred_at end) as first_submit_at,
        min(case when role in ('approve', 'reject') then occurred_at end) as first_decision_at,
        min(case when role = 'publish' then occurred_at end) as first_publish_at,
        max(case when role = 'publish' then occurred_at end) as last_publish_at,
        max(case when role = 'unpublish' then occurred_at end) as last_unpublish_at,
        max(case when role = 'read_start' then occurred_at end) as last_read_at
    from events
    group by content_id, event_date

)

select
    counted.content_id,
    decided.is_first_decision_approval,
    counted.event_date,
    counted.first_event_at,
    counted.first_shown_at,
    counted.first_submit_at,
    counted.first_decision_at,
    counted.first_publish_at,
    counted.last_publish_at,
    case when turned.last_role = 'unpublish' then counted.last_unpublish_at end
        as last_unpublish_at,
    counted.last_read_at
from counted
left join decided
    on counted.content_id = decided.content_id
    and counted.event_date = decided.event_date
left join turned
    on counted.content_id = turned.content_id
    and counted.event_date = turned.event_date
