{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'order', 'from': 'ordered_at'}},
) }}
with

amounts as (

    select * from {{ ref('step_order_amounts') }} as amounts
    {% if not flags.FULL_REFRESH -%}
    -- A refund may come from somebody else than the order did.
    where amounts.order_id in (
        select of_users.order_id
        from {{ ref('step_order_amounts') }} as of_users
        {{ join_recomputed('order', 'of_users', 'occurred_at') }}
    )
    {%- endif %}

),

ranked as (

    select
        amounts.*,
        row_number() over (
            partition by order_id order by {{ event_order() }}
        ) as event_number
    from amounts
    where role = 'order' and order_id is not null

),

orders as (

    select
        order_id,
        user_id,
        event_date as order_date,
        occurred_at as ordered_at
    from ranked
    where event_number = 1

),

-- A refund that came before its order counts from the order's day on.
daily as (

    select
        orders.order_id,
        orders.user_id,
        orders.order_date,
        orders.ordered_at,
        greatest(amounts.event_date, orders.order_date) as valid_from_date,
        sum(case when amounts.role = 'order' then amounts.amount else 0 end) as gross_amount,
        sum(case when amounts.role = 'refund' then amounts.amount else 0 end) as refunded_amount
    from orders
    inner join amounts on orders.order_id = amounts.order_id
    group by
        orders.order_id,
        orders.user_id,
        orders.order_date,
        orders.ordered_at,
        greatest(amounts.event_date, orders.order_date)

),

states as (

    select
        order_id,
        user_id,
        cast(
            sum(gross_amount) over (
                partition by order_id
                order by valid_from_date
                rows between unbounded preceding and current row
            ) as decimal(38, 4)
        ) as gross_amount,
        cast(
            sum(refunded_amount) over (
                partition by order_id
                order by valid_from_date
                rows between unbounded preceding and current row
            ) as decimal(38, 4)
        ) as refunded_amount,
        order_date,
        valid_from_date,
        lead(valid_from_date) over (
            partition by order_id order by valid_from_date
        ) as valid_to_date,
        ordered_at
    from daily

)

select
    states.order_id,
    states.user_id,
    states.gross_amount,
    states.refunded_amount,
    states.order_date,
    states.valid_from_date,
    states.valid_to_date,
    states.ordered_at
from states
{{ join_recomputed('order', 'states', 'ordered_at') }}
