with

removals as (

    select * from {{ ref('step_attribution_removals') }}

)

select
    conversion_id,
    channel_id,
    removal_effect,
    credit_share,
    period_start_date
from removals
