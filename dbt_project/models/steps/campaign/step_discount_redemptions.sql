-- Coupons that were redeemed on one order share what it costs.
with

redeemed_orders as (

    select
        campaign_id,
        max(order_id) as order_id,
        count(*) as redeemed_count,
        max(amount) as gross_amount,
        sum(coalesce(discount_amount, 0)) as discount_amount
    from {{ ref('fct_campaign_events') }}
    where role = 'coupon_redeemed'
    group by campaign_id, coalesce(order_id, {{ own_order_id() }})

)

select
    redeemed_orders.campaign_id,
    sum(redeemed_orders.redeemed_count) as redeemed_count,
    sum(coalesce(redeemed_orders.gross_amount, orders.gross_amount, 0)) as gross_amount,
    sum(redeemed_orders.discount_amount) as discount_amount
from redeemed_orders
left join {{ ref('fct_orders') }} as orders on redeemed_orders.order_id = orders.order_id
group by redeemed_orders.campaign_id
