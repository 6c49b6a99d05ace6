with

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

measures as (

    select * from {{ ref('dim_campaign_measures') }}

)

select
    campaigns.campaign_id,
    measures.measure_id,
    measures.kind,
    measures.window_days,
    measures.pre_days,
    coalesce(measures.measure_id = campaigns.goal_measure_id, false) as is_goal
from campaigns
inner join measures
    on coalesce(measures.campaign_id, campaigns.campaign_id) = campaigns.campaign_id
