with

days as (

    select * from {{ ref('fct_platform_days') }}

),

orders as (

    select
        order_id,
        merchant_id,
        first_date
    from {{ ref('step_merchant_orders') }}

)

-- What becomes of an order and names nobody is of those who had it by then.
select
    days.user_id,
    days.role,
    coalesce(days.merchant_id, orders.merchant_id) as merchant_id,
    days.order_id,
    days.category,
    days.score,
    days.event_count,
    days.event_date,
    days.first_event_at
from days
left join orders
    on case when days.merchant_id is null then days.order_id end = orders.order_id
    and days.event_date >= orders.first_date
