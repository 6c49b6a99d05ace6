with

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

campaign_events as (

    select *
    from {{ ref('fct_campaign_events') }}
    where role in ('coupon_issued', 'coupon_redeemed')

),

redeemed as (

    select * from {{ ref('step_discount_redemptions') }}

),

arms as (

    select * from {{ ref('step_discount_arms') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

discounts as (

    {{ campaigns_of('discount', ['coupon_issued', 'coupon_redeemed']) }}

),

holders as (

    select
        campaign_id,
        user_id,
        bool_or(role = 'coupon_issued') as is_issued,
        bool_or(role = 'coupon_redeemed') as has_redeemed
    from campaign_events
    group by campaign_id, user_id

),

holder_counts as (

    select
        campaign_id,
        count(case when is_issued then 1 end) as issued_user_count,
        count(case when is_issued and has_redeemed then 1 end) as redeemed_user_count
    from holders
    group by campaign_id

),

-- Of the users of an arm.
compared as (

    select
        treated.campaign_id,
        treated.user_count as treated_count,
        {{ rate('treated.buyer_count', 'treated.user_count') }} as treated_buyer_rate,
        {{ rate('control.buyer_count', 'control.user_count') }} as control_buyer_rate,
        {{ rate('treated.later_order_count', 'treated.user_count') }} as treated_later_orders,
        {{ rate('control.later_order_count', 'control.user_count') }} as control_later_orders
    from arms as treated
    inner join arms as control on treated.campaign_id = control.campaign_id
    where control.is_control and not treated.is_control

),

counted as (

    select
        discounts.campaign_id,
        coalesce(holder_counts.issued_user_count, 0) as issued_user_count,
        coalesce(holder_counts.redeemed_user_count, 0) as redeemed_user_count,
        cast(coalesce(redeemed.redeemed_count, 0) as bigint) as redeemed_count,
        cast(coalesce(redeemed.gross_amount, 0) as decimal(38, 4)) as gross_amount,
        cast(coalesce(redeemed.discount_amount, 0) as decimal(38, 4)) as discount_amount,
        {{ rate('redeemed.discount_amount', 'redeemed.gross_amount') }} as discount_rate,
        campaigns.margin_rate,
        compared.control_buyer_rate / nullif(compared.treated_buyer_rate, 0) as buyer_ratio,
        (compared.treated_buyer_rate - compared.control_buyer_rate) * compared.treated_count
            as incremental_buyer_count,
        case
            when campaigns.ends_at <= horizon.data_through_at
                then (compared.control_later_orders - compared.treated_later_orders)
                * compared.treated_count
        end as pulled_forward_order_count
    from discounts
    cross join horizon
    left join campaigns on discounts.campaign_id = campaigns.campaign_id
    left join holder_counts on discounts.campaign_id = holder_counts.campaign_id
    left join redeemed on discounts.campaign_id = redeemed.campaign_id
    left join compared on discounts.campaign_id = compared.campaign_id

),

final as (

    select
        campaign_id,
        issued_user_count,
        redeemed_user_count,
        redeemed_count,
        gross_amount,
        discount_amount,
        {{ rate('redeemed_user_count', 'issued_user_count') }} as redemption_rate,
        discount_rate,
        case
            when margin_rate > discount_rate
                then discount_rate / (cast(margin_rate as double) - discount_rate)
        end as break_even_uplift_rate,
        case when buyer_ratio > 1 then 1.0 else buyer_ratio end as would_have_bought_rate,
        incremental_buyer_count,
        pulled_forward_order_count
    from counted

)

select * from final
