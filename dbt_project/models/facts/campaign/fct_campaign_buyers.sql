with

orders as (

    select * from {{ ref('fct_orders') }}

),

-- Events that share an order are one: it is of each campaign that one of them carries.
campaign_orders as (

    select distinct
        campaign_id,
        order_id
    from {{ ref('fct_campaign_events') }}
    where role = 'order'

),

buyers as (

    select
        campaign_orders.campaign_id,
        orders.user_id,
        count(*) as order_count,
        cast(sum(orders.net_amount) as decimal(38, 4)) as net_amount,
        min(orders.ordered_at) as first_ordered_at
    from campaign_orders
    inner join orders on campaign_orders.order_id = orders.order_id
    group by campaign_orders.campaign_id, orders.user_id

),

-- Not new to the brand: with an order in the 365 days before.
known_buyers as (

    select distinct
        buyers.campaign_id,
        buyers.user_id
    from buyers
    inner join orders
        on buyers.user_id = orders.user_id
        and buyers.first_ordered_at > orders.ordered_at
        and {{ add_seconds('buyers.first_ordered_at', '-365 * 86400') }} <= orders.ordered_at

),

final as (

    select
        buyers.campaign_id,
        buyers.user_id,
        buyers.order_count,
        buyers.net_amount,
        known_buyers.user_id is null as is_new_to_brand,
        buyers.first_ordered_at
    from buyers
    left join known_buyers
        on buyers.campaign_id = known_buyers.campaign_id
        and buyers.user_id = known_buyers.user_id

)

select * from final
