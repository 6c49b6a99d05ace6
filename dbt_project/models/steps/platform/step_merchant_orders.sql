with

order_days as (

    select * from {{ ref('fct_merchant_order_days') }}
    where merchant_id is not null

)

select
    order_id,
    merchant_id,
    user_id,
    sum(gross_amount) as gross_amount,
    order_date,
    min(case when is_ordered then moved_date end) as first_date,
    ordered_at
from order_days
group by order_id, merchant_id, user_id, order_date, ordered_at
having bool_or(is_ordered)
