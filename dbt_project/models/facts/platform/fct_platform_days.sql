{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'event_date': 'recompute_from_date'}},
    on_schema_change='fail',
) }}
{%- set columns = {
    'user_id': 'key', 'role': 'key', 'merchant_id': 'key', 'order_id': 'key', 'category': 'key',
    'score': 'key', 'event_count': 'sum', 'event_date': 'key', 'first_event_at': 'min',
} %}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

event_names as (

    select
        event_name,
        role
    from {{ ref('dim_event_names') }}
    where role in ('listing', 'fulfil', 'cancel', 'complaint', 'rating', 'demand')

),

-- Properties of those roles alone that have them: each is read of the whole text.
events as (

    select
        events.user_id,
        event_names.role,
        events.merchant_id,
        case
            when event_names.role in ('fulfil', 'cancel', 'complaint', 'rating')
                then events.order_id
        end as order_id,
        case
            when event_names.role in ('listing', 'demand')
                then nullif({{ trimmed(json_property('events.properties', "'category'")) }}, '')
        end as category,
        case
            when event_names.role = 'rating'
                then {{ parse_number(json_property('events.properties', "'score'"), 'decimal(18, 4)') }}
        end as score,
        events.event_date,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    {{ join_touched('events', 'event_date', 'recompute_from_date') }}
    left join event_names on events.event_name = event_names.event_name
    where events.merchant_id is not null or event_names.role is not null

),

counted as (

    select
        user_id,
        role,
        merchant_id,
        order_id,
        category,
        score,
        count(*) as event_count,
        event_date,
        min(occurred_at) as first_event_at
    from events
    group by user_id, role, merchant_id, order_id, category, score, event_date

)

select
    {{ columns | join(',\n    ') }}
from counted

{{ union_archived('arc_platform_days', columns, touched='event_date') }}
