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

bounded as (

    select
        dated.campaign_id,
        greatest(min(dated.first_date), cast('{{ var("earliest_plausible_date") }}' as date)) as first_date,
        max(dated.last_date) as last_date,
        {{ days_after('coalesce(max(horizon.data_through_date), min(dated.first_date))', 366) }}
            as filled_through_date
    from dated
    cross join horizon
    group by dated.campaign_id

),

-- Further ahead a day is there if it is a date itself: a cost of the year 2999 makes one row.
spans as (

    select
        campaign_id,
        first_date,
        first_date as from_date,
        least(last_date, filled_through_date) as to_date
    from bounded

    union all

    select
        dated.campaign_id,
        bounded.first_date,
        greatest(dated.first_date, bounded.first_date) as from_date,
        dated.last_date as to_date
    from dated
    inner join bounded
        on dated.campaign_id = bounded.campaign_id
        and dated.last_date > bounded.filled_through_date

),

bounds as (

    select
        min(from_date) as first_date,
        max(to_date) as last_date
    from spans

),

days as (

    {{ date_series('first_date', 'last_date', 'bounds', 'activity_date') }}

)

select distinct
    spans.campaign_id,
    days.activity_date,
    spans.first_date
from spans
inner join days
    on spans.from_date <= days.activity_date
    and spans.to_date >= days.activity_date
