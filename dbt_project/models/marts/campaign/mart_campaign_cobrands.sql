with

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

partner_audience as (

    select
        campaign_id,
        user_id
    from {{ ref('fct_campaign_assignments') }}
    where variant = 'partner_audience'

),

orders as (

    select * from {{ ref('fct_orders') }}

),

cobrands as (

    select campaign_id
    from campaigns
    where lower(campaign_type) = 'cobrand'

    union

    select campaign_id
    from partner_audience

),

buyers as (

    select * from {{ ref('fct_campaign_buyers') }}

),

bought as (

    select
        campaign_id,
        count(*) as buyer_count,
        count(case when is_new_to_brand then 1 end) as new_to_brand_count,
        sum(net_amount) as net_amount,
        sum(case when is_new_to_brand then net_amount end) as new_to_brand_net_amount
    from buyers
    group by campaign_id

),

first_orders as (

    select
        user_id,
        min(ordered_at) as first_ordered_at
    from orders
    group by user_id

),

aimed_at as (

    select
        partner_audience.campaign_id,
        count(*) as audience_count,
        count(case when first_orders.first_ordered_at < campaigns.starts_at then 1 end)
            as overlap_count
    from partner_audience
    left join campaigns on partner_audience.campaign_id = campaigns.campaign_id
    left join first_orders on partner_audience.user_id = first_orders.user_id
    group by partner_audience.campaign_id

),

-- Nobody can be said to have bought before a start that is not known.
counted as (

    select
        cobrands.campaign_id,
        coalesce(bought.buyer_count, 0) as buyer_count,
        coalesce(bought.new_to_brand_count, 0) as new_to_brand_count,
        coalesce(aimed_at.audience_count, 0) as audience_count,
        case when campaigns.starts_at is not null then coalesce(aimed_at.overlap_count, 0) end
            as overlap_count,
        cast(coalesce(bought.net_amount, 0) as decimal(38, 4)) as net_amount,
        cast(coalesce(bought.new_to_brand_net_amount, 0) as decimal(38, 4))
            as new_to_brand_net_amount
    from cobrands
    left join campaigns on cobrands.campaign_id = campaigns.campaign_id
    left join bought on cobrands.campaign_id = bought.campaign_id
    left join aimed_at on cobrands.campaign_id = aimed_at.campaign_id

),

final as (

    select
        campaign_id,
        buyer_count,
        new_to_brand_count,
        audience_count,
        overlap_count,
        net_amount,
        new_to_brand_net_amount,
        {{ rate('new_to_brand_count', 'buyer_count') }} as new_to_brand_rate,
        {{ rate('overlap_count', 'audience_count') }} as overlap_rate
    from counted

)

select * from final
