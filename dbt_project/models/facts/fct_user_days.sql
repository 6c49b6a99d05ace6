{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'activity_date': 'recompute_from_date'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    select
        events.user_id,
        events.session_id,
        events.event_date,
        events.occurred_at,
        event_names.is_key_action
    from {{ ref('fct_events') }} as events
    left join {{ ref('dim_event_names') }} as event_names
        on events.event_name = event_names.event_name
    {% if is_incremental() -%}
    inner join touched_users
        on events.user_id = touched_users.user_id
        and events.event_date >= touched_users.recompute_from_date
    {% endif -%}
    where events.is_activity

),

orders as (

    select
        user_id,
        order_date,
        count(*) as order_count,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    group by user_id, order_date

),

days as (

    select
        user_id,
        event_date as activity_date,
        count(*) as event_count,
        count(distinct session_id) as session_count,
        count(case when is_key_action then 1 end) as key_action_count,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from events
    group by user_id, event_date

    {{ union_archived(
        'arc_user_days',
        {
            'user_id': 'key', 'activity_date': 'key', 'event_count': 'sum',
            'session_count': 'sum', 'key_action_count': 'sum',
            'first_event_at': 'min', 'last_event_at': 'max',
        },
        touched='activity_date'
    ) }}

)

select
    days.user_id,
    days.event_count,
    days.session_count,
    coalesce(orders.order_count, 0) as order_count,
    days.key_action_count,
    cast(coalesce(orders.net_amount, 0) as decimal(38, 4)) as net_amount,
    days.activity_date,
    days.first_event_at,
    days.last_event_at
from days
left join orders
    on days.user_id = orders.user_id
    and days.activity_date = orders.order_date
