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

days as (

    select active_days.*
    from {{ ref('fct_user_active_days') }} as active_days
    {{ join_touched('active_days', 'activity_date', 'recompute_from_date') }}

),

orders as (

    select
        user_id,
        order_date,
        count(*) as order_count,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    group by user_id, order_date

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
