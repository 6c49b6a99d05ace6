with

campaigns as (

    select * from {{ ref('step_campaigns') }}

),

variants as (

    select distinct
        campaign_id,
        variant
    from {{ ref('step_campaign_assignments') }}

),

-- A campaign that its assignments alone name has what is taken for nothing said.
named as (

    select campaign_id from campaigns
    union
    select campaign_id from variants

)

select
    named.campaign_id,
    campaigns.campaign_name,
    campaigns.campaign_type,
    campaigns.channel,
    campaigns.goal_measure_id,
    campaigns.partner,
    coalesce(campaigns.control_variant, 'control') as control_variant,
    campaigns.variant_shares,
    campaigns.budget_amount,
    campaigns.target_value,
    campaigns.margin_rate,
    coalesce(campaigns.is_randomized, variants.variant is not null) as is_randomized,
    {{ local_date('campaigns.starts_at') }} as start_date,
    {{ local_date(add_microseconds('campaigns.ends_at', '-1')) }} as end_date,
    campaigns.starts_at,
    campaigns.ends_at
from named
left join campaigns on named.campaign_id = campaigns.campaign_id
left join variants
    on named.campaign_id = variants.campaign_id
    and coalesce(campaigns.control_variant, 'control') = variants.variant
