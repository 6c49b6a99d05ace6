with

counted_days as (

    select * from {{ ref('step_campaign_counted_days') }}

),

so_far as (

    select
        counted_days.*,
        sum(exposed_user_count) over in_order as exposed_so_far,
        sum(goal_value) over in_order as goal_so_far,
        sum(cost_amount) over in_order as cost_so_far
    from counted_days
    window in_order as (
        partition by campaign_id order by activity_date
        rows between unbounded preceding and current row
    )

),

planned as (

    select
        so_far.*,
        case when has_goal and not is_ahead then cast(goal_so_far as double) end
            as goal_value_to_date,
        cast(target_value as double) * elapsed_rate as target_value_to_date,
        cast(budget_amount as double) * elapsed_rate as budget_amount_to_date
    from so_far

),

paced as (

    select
        planned.*,
        {{ rate('goal_value_to_date', 'target_value_to_date') }} as target_pace_rate,
        case when not is_ahead then {{ rate('cost_so_far', 'budget_amount_to_date') }} end
            as budget_pace_rate
    from planned

),

final as (

    select
        campaign_id,
        cast(case when not is_ahead then exposed_so_far end as bigint) as exposed_user_count,
        case when has_goal and not is_ahead then cast(goal_value as double) end as goal_value,
        goal_value_to_date,
        target_value_to_date,
        target_pace_rate,
        cast(cost_amount as decimal(38, 4)) as cost_amount,
        cast(cost_so_far as decimal(38, 4)) as cost_amount_to_date,
        budget_amount_to_date,
        budget_pace_rate,
        elapsed_rate,
        -- A pace that is at its limit may miss it by the last digit of a double.
        case
            when is_ahead then null
            when round(budget_pace_rate, 9) > {{ var('budget_pace_alarm_rate') }} then 'over_budget'
            when round(target_pace_rate, 9) < {{ var('target_pace_alarm_rate') }} then 'behind'
            else 'on_track'
        end as risk_level,
        is_mature,
        activity_date
    from paced

)

select * from final
