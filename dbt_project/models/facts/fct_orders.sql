with

order_states as (

    select * from {{ ref('fct_order_states') }}

),

orders as (

    select
        order_id,
        user_id,
        gross_amount,
        refunded_amount,
        cast(gross_amount - refunded_amount as decimal(38, 4)) as net_amount,
        order_date,
        ordered_at
    from order_states
    where valid_to_date is null

)

select * from orders
