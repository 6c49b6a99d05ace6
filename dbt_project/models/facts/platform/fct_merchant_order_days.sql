{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'order', 'from': 'ordered_at'}},
) }}
with

amounts as (

    select * from {{ ref('step_order_amounts') }}

),

orders as (

    select
        orders.order_id,
        orders.user_id,
        orders.order_date,
        orders.ordered_at
    from {{ ref('fct_orders') }} as orders
    {{ join_recomputed('order', 'orders', 'ordered_at') }}

),

named as (

    select distinct order_id from amounts
    where order_id is not null and merchant_id is not null

),

-- A refund that came before its order counts from the order's day on.
moved as (

    select
        orders.order_id,
        orders.user_id,
        amounts.merchant_id,
        amounts.role,
        orders.order_date,
        greatest(amounts.event_date, orders.order_date) as moved_date,
        orders.ordered_at,
        sum(amounts.amount) as amount
    from orders
    inner join named on orders.order_id = named.order_id
    inner join amounts on orders.order_id = amounts.order_id
    group by
        orders.order_id,
        orders.user_id,
        amounts.merchant_id,
        amounts.role,
        orders.order_date,
        greatest(amounts.event_date, orders.order_date),
        orders.ordered_at

),

nameless_refunds as (

    select * from moved
    where role = 'refund' and merchant_id is null

),

-- What each had of the order by the day of a refund that names nobody.
shares as (

    select
        refunds.order_id,
        refunds.user_id,
        ordered.merchant_id,
        refunds.order_date,
        refunds.moved_date,
        refunds.ordered_at,
        refunds.amount,
        sum(sum(ordered.amount)) over (
            partition by refunds.order_id, refunds.moved_date
            order by ordered.merchant_id nulls last
            rows between unbounded preceding and current row
        ) as amount_up_to,
        sum(sum(ordered.amount)) over (
            partition by refunds.order_id, refunds.moved_date
        ) as whole_amount
    from nameless_refunds as refunds
    inner join moved as ordered
        on refunds.order_id = ordered.order_id
        and refunds.moved_date >= ordered.moved_date
    where ordered.role = 'order'
    group by
        refunds.order_id,
        refunds.user_id,
        ordered.merchant_id,
        refunds.order_date,
        refunds.moved_date,
        refunds.ordered_at,
        refunds.amount

),

-- Rounded up to each merchant in turn, so that the parts sum to the refund.
rounded as (

    select
        shares.*,
        case
            when amount_up_to = whole_amount then amount
            else cast(
                cast(amount as double) * cast(amount_up_to as double)
                / cast(whole_amount as double) as decimal(38, 4)
            )
        end as refunded_up_to
    from shares

),

parts as (

    select
        order_id,
        user_id,
        merchant_id,
        role = 'order' as is_ordered,
        case when role = 'order' then amount else 0 end as gross_amount,
        case when role = 'refund' then amount else 0 end as refunded_amount,
        order_date,
        moved_date,
        ordered_at
    from moved
    where role = 'order' or merchant_id is not null

    union all

    select
        order_id,
        user_id,
        merchant_id,
        false as is_ordered,
        0 as gross_amount,
        refunded_up_to - lag(refunded_up_to, 1, 0) over (
            partition by order_id, moved_date order by merchant_id nulls last
        ) as refunded_amount,
        order_date,
        moved_date,
        ordered_at
    from rounded

)

select
    order_id,
    user_id,
    merchant_id,
    cast(sum(gross_amount) as decimal(38, 4)) as gross_amount,
    cast(sum(refunded_amount) as decimal(38, 4)) as refunded_amount,
    bool_or(is_ordered) as is_ordered,
    order_date,
    moved_date,
    ordered_at
from parts
group by order_id, user_id, merchant_id, order_date, moved_date, ordered_at
