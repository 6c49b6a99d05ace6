with

order_states as (

    select * from {{ ref('fct_order_states') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

growth as (

    select * from {{ ref('mart_growth_accounting') }}
    where activity_id = 'any'

),

-- Money counts on the day it moved, so that a refund changes no period that has closed.
changes as (

    select
        valid_from_date,
        gross_amount - lag(gross_amount, 1, 0) over (
            partition by order_id order by valid_from_date
        ) as gross_amount,
        refunded_amount - lag(refunded_amount, 1, 0) over (
            partition by order_id order by valid_from_date
        ) as refunded_amount
    from order_states

),

daily_money as (

    select
        valid_from_date,
        sum(gross_amount) as gross_amount,
        sum(refunded_amount) as refunded_amount
    from changes
    group by valid_from_date

),

money as (

    select
        date_periods.grain,
        date_periods.period_start_date,
        sum(daily_money.gross_amount) as gross_amount,
        sum(daily_money.refunded_amount) as refunded_amount
    from daily_money
    inner join date_periods on daily_money.valid_from_date = date_periods.date_day
    group by date_periods.grain, date_periods.period_start_date

),

numbered as (

    select
        user_id,
        order_date,
        row_number() over (
            partition by user_id order by ordered_at, order_id
        ) as order_number
    from orders

),

customers as (

    select
        date_periods.grain,
        date_periods.period_start_date,
        numbered.user_id,
        count(*) as order_count,
        min(numbered.order_number) as first_order_number,
        max(numbered.order_number) as last_order_number
    from numbered
    inner join date_periods on numbered.order_date = date_periods.date_day
    group by date_periods.grain, date_periods.period_start_date, numbered.user_id

),

counted as (

    select
        grain,
        period_start_date,
        sum(order_count) as order_count,
        count(*) as customer_count,
        sum(case when first_order_number = 1 then 1 else 0 end) as new_customer_count,
        sum(case when last_order_number > 1 then 1 else 0 end) as repeat_customer_count
    from customers
    group by grain, period_start_date

),

-- A period without an order is still a row.
joined as (

    select
        growth.grain,
        coalesce(counted.order_count, 0) as order_count,
        coalesce(counted.customer_count, 0) as customer_count,
        coalesce(counted.new_customer_count, 0) as new_customer_count,
        coalesce(counted.repeat_customer_count, 0) as repeat_customer_count,
        growth.active_user_count,
        coalesce(money.gross_amount, 0) as gross_amount,
        coalesce(money.refunded_amount, 0) as refunded_amount,
        growth.is_mature,
        growth.period_start_date
    from growth
    left join counted
        on
            growth.grain = counted.grain
            and growth.period_start_date = counted.period_start_date
    left join money
        on
            growth.grain = money.grain
            and growth.period_start_date = money.period_start_date

),

final as (

    select
        grain,
        cast(order_count as bigint) as order_count,
        cast(customer_count as bigint) as customer_count,
        cast(new_customer_count as bigint) as new_customer_count,
        cast(repeat_customer_count as bigint) as repeat_customer_count,
        active_user_count,
        cast(gross_amount as decimal(38, 4)) as gross_amount,
        cast(refunded_amount as decimal(38, 4)) as refunded_amount,
        cast(gross_amount - refunded_amount as decimal(38, 4)) as net_amount,
        cast(gross_amount - refunded_amount as double)
        / nullif(active_user_count, 0) as arpu,
        cast(repeat_customer_count as double)
        / nullif(customer_count, 0) as repeat_rate,
        is_mature,
        period_start_date
    from joined

)

select * from final
