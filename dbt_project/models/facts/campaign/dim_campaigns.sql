with

campaigns as (

    select * from {{ ref('stg_feed__campaigns') }}

),

variants as (

    select distinct
        campaign_id,
        variant
    from {{ ref('stg_feed__campaign_assignments') }}

),

ranked as (

    select
        campaigns.*,
        row_number() over (
            partition by campaign_id
            order by updated_at desc nulls last, content_hash desc
        ) as recency_rank
    from campaigns

)

select
    ranked.campaign_id,
    ranked.campaign_name,
    ranked.campaign_type,
    ranked.channel,
    ranked.goal_measure_id,
    ranked.partner,
    ranked.control_variant,
    ranked.variant_shares,
    ranked.budget_amount,
    ranked.target_value,
    ranked.margin_rate,
    coalesce(ranked.is_randomized, variants.variant is not null) as is_randomized,
    {{ local_date('ranked.starts_at') }} as start_date,
    {{ local_date(add_microseconds('ranked.ends_at', '-1')) }} as end_date,
    ranked.starts_at,
    ranked.ends_at
from ranked
left join variants
    on ranked.campaign_id = variants.campaign_id
    and ranked.control_variant = variants.variant
where ranked.recency_rank = 1
