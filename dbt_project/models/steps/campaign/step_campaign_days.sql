with

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

horizon as (

    select * from {{ ref('dim_horizon') }}

),

goal_days as (

    select * from {{ ref('step_campaign_goal_days') }}

),

costs as (

    select * from {{ ref('fct_channel_costs') }}

),

-- One that ends before it starts has no days. What is planned is listed a year ahead of the data.
planned as (

    select
        campaigns.campaign_id,
        campaigns.start_date as first_date,
        least(
            campaigns.end_date,
            {{ days_after(
                'greatest(campaigns.start_date, coalesce(horizon.data_through_date, campaigns.start_date))',
                366
            ) }}
        ) as last_date
    from campaigns
    cross join horizon
    where campaigns.end_date >= campaigns.start_date

),

dated as (

    select
        campaign_id,
        first_date,
        last_date
    from planned

    union all

    select
        campaign_id,
        activity_date as first_date,
        activity_date as last_date
    from goal_days

    union all

    select
        costs.campaign_id,
        costs.cost_date as first_date,
        costs.cost_date as last_date
    from costs
    inner join campaigns on costs.campaign_id = campaigns.campaign_id

),

spans as (

    select
        campaign_id,
        greatest(min(first_date), cast('{{ var("earliest_plausible_date") }}' as date)) as first_date,
        max(last_date) as last_date
    from dated
    group by campaign_id

),

bounds as (

    select
        min(first_date) as first_date,
        max(last_date) as last_date
    from spans

),

days as (

    {{ date_series('first_date', 'last_date', 'bounds', 'activity_date') }}

)

select
    spans.campaign_id,
    days.activity_date,
    spans.first_date
from spans
inner join days
    on spans.first_date <= days.activity_date
    and spans.last_date >= days.activity_date
