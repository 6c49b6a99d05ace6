with

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

horizon as (

    select * from {{ ref('dim_horizon') }}

),

days as (

    select * from {{ ref('step_campaign_days') }}

),

goals as (

    select * from {{ ref('step_campaign_measures') }} where is_goal

),

goal_days as (

    select * from {{ ref('step_campaign_goal_days') }}

),

cost_days as (

    select
        campaign_id,
        cost_date as activity_date,
        sum(cost_amount) as cost_amount
    from {{ ref('fct_channel_costs') }}
    where campaign_id is not null
    group by campaign_id, cost_date

),

-- Who was reached before the first day is there on it.
exposed_days as (

    select
        exposures.campaign_id,
        greatest({{ local_date('exposures.first_exposed_at') }}, spans.first_date) as activity_date,
        count(*) as user_count
    from {{ ref('fct_campaign_exposures') }} as exposures
    inner join (select distinct campaign_id, first_date from days) as spans
        on exposures.campaign_id = spans.campaign_id
    where exposures.first_exposed_at is not null
    group by exposures.campaign_id, activity_date

),

-- Of days after the horizon nothing is known but what was planned, and paid ahead.
daily as (

    select
        days.campaign_id,
        days.activity_date,
        campaigns.target_value,
        campaigns.budget_amount,
        coalesce(days.activity_date > horizon.data_through_date, false) as is_ahead,
        goals.measure_id is not null as has_goal,
        coalesce(exposed_days.user_count, 0) as exposed_user_count,
        coalesce(goal_days.goal_value, 0) as goal_value,
        coalesce(cost_days.cost_amount, 0) as cost_amount,
        case
            when campaigns.end_date < campaigns.start_date then null
            when campaigns.end_date is null or campaigns.start_date is null then null
            when days.activity_date < campaigns.start_date then 0
            when days.activity_date > campaigns.end_date then 1
            else {{ rate(
                '(' ~ days_between('campaigns.start_date', 'days.activity_date') ~ ' + 1)',
                '(' ~ days_between('campaigns.start_date', 'campaigns.end_date') ~ ' + 1)'
            ) }}
        end as elapsed_rate,
        coalesce(
            {{ local_midnight(days_after('days.activity_date', 1)) }} <= horizon.data_through_at, false
        ) as is_mature
    from days
    inner join campaigns on days.campaign_id = campaigns.campaign_id
    cross join horizon
    left join goals on days.campaign_id = goals.campaign_id
    left join exposed_days
        on days.campaign_id = exposed_days.campaign_id
        and days.activity_date = exposed_days.activity_date
    left join goal_days
        on days.campaign_id = goal_days.campaign_id
        and days.activity_date = goal_days.activity_date
    left join cost_days
        on days.campaign_id = cost_days.campaign_id
        and days.activity_date = cost_days.activity_date

)

select * from daily
