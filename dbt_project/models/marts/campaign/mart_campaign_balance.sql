with

variants as (

    select * from {{ ref('fct_campaign_variants') }}

),

tested as (

    select * from {{ ref('step_campaign_balance') }}

)

select
    variants.campaign_id,
    variants.variant,
    variants.assigned_count,
    variants.exposed_count,
    variants.expected_share,
    variants.expected_count,
    tested.chi_square,
    tested.p_value,
    tested.p_value < {{ var('sample_ratio_p_value') }} as is_mismatch
from variants
left join tested on variants.campaign_id = tested.campaign_id
