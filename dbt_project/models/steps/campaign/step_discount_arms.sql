with

campaigns as (

    select
        campaigns.*,
        {{ add_microseconds('ends_at', microseconds_between('starts_at', 'ends_at')) }}
            as compared_to_at
    from {{ ref('dim_campaigns') }} as campaigns
    where ends_at > starts_at

),

discounts as (

    {{ campaigns_of('discount', ['coupon_issued', 'coupon_redeemed']) }}

),

-- Who is in several variants is in none.
members as (

    select
        assignments.campaign_id,
        assignments.user_id,
        assignments.variant = campaigns.control_variant as is_control,
        campaigns.starts_at,
        campaigns.ends_at,
        campaigns.compared_to_at
    from {{ ref('fct_campaign_assignments') }} as assignments
    inner join discounts on assignments.campaign_id = discounts.campaign_id
    inner join campaigns on assignments.campaign_id = campaigns.campaign_id
    where assignments.variant is not null

),

ordered as (

    select
        members.campaign_id,
        members.user_id,
        count(case when orders.ordered_at < members.ends_at then 1 end) as order_count,
        count(case when orders.ordered_at >= members.ends_at then 1 end) as later_order_count
    from members
    inner join {{ ref('fct_orders') }} as orders
        on members.user_id = orders.user_id
        and members.starts_at <= orders.ordered_at
        and members.compared_to_at > orders.ordered_at
    group by members.campaign_id, members.user_id

)

select
    members.campaign_id,
    members.is_control,
    count(*) as user_count,
    count(case when ordered.order_count > 0 then 1 end) as buyer_count,
    sum(coalesce(ordered.later_order_count, 0)) as later_order_count
from members
left join ordered
    on members.campaign_id = ordered.campaign_id
    and members.user_id = ordered.user_id
group by members.campaign_id, members.is_control
