with

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

goals as (

    select * from {{ ref('step_campaign_measures') }} where is_goal

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

in_arms as (

    select
        campaign_id,
        sum(assigned_count) as assigned_count,
        sum(exposed_count) as exposed_count
    from {{ ref('mart_campaign_balance') }}
    group by campaign_id

),

assigned as (

    select
        campaign_id,
        count(case when is_in_several_variants then 1 end) as multiple_variant_user_count,
        max(assigned_at) as last_assigned_at
    from {{ ref('fct_campaign_assignments') }}
    group by campaign_id

),

exposed as (

    select
        campaign_id,
        count(case when is_before_assigned then 1 end) as exposed_before_assigned_count,
        count(case when is_unassigned then 1 end) as unassigned_exposed_count
    from {{ ref('fct_campaign_exposures') }}
    group by campaign_id

),

daily as (

    select
        campaign_id,
        sum(goal_value) as goal_value
    from {{ ref('mart_campaign_daily') }}
    group by campaign_id

),

costs as (

    select
        campaign_id,
        sum(cost_amount) as cost_amount
    from {{ ref('fct_channel_costs') }}
    group by campaign_id

),

lifts as (

    select
        campaign_id,
        measure_id,
        sum(incremental_value) as incremental_value
    from {{ ref('mart_campaign_lift') }}
    where method = 'unadjusted'
    group by campaign_id, measure_id

),

final as (

    select
        campaigns.campaign_id,
        campaigns.campaign_type,
        cast(coalesce(in_arms.assigned_count, 0) as bigint) as assigned_count,
        cast(coalesce(in_arms.exposed_count, 0) as bigint) as exposed_count,
        coalesce(assigned.multiple_variant_user_count, 0) as multiple_variant_user_count,
        coalesce(exposed.exposed_before_assigned_count, 0) as exposed_before_assigned_count,
        coalesce(exposed.unassigned_exposed_count, 0) as unassigned_exposed_count,
        campaigns.target_value,
        case when campaigns.goal_measure_id is not null then coalesce(daily.goal_value, 0) end
            as goal_value,
        campaigns.budget_amount,
        cast(coalesce(costs.cost_amount, 0) as decimal(38, 4)) as cost_amount,
        lifts.incremental_value,
        {{ rate('coalesce(costs.cost_amount, 0)', 'lifts.incremental_value') }} as cost_per_incremental,
        coalesce(
            campaigns.ends_at <= horizon.data_through_at
            and coalesce(
                {{ add_seconds(
                    'assigned.last_assigned_at', 'coalesce(goals.window_days, 0) * 86400'
                ) }} <= horizon.data_through_at,
                true
            ),
            false
        ) as is_mature
    from campaigns
    cross join horizon
    left join in_arms on campaigns.campaign_id = in_arms.campaign_id
    left join assigned on campaigns.campaign_id = assigned.campaign_id
    left join exposed on campaigns.campaign_id = exposed.campaign_id
    left join goals on campaigns.campaign_id = goals.campaign_id
    left join daily on campaigns.campaign_id = daily.campaign_id
    left join costs on campaigns.campaign_id = costs.campaign_id
    left join lifts
        on campaigns.campaign_id = lifts.campaign_id
        and campaigns.goal_measure_id = lifts.measure_id

)

select * from final
