with

transitions as (

    select * from {{ ref('fct_attribution_transitions') }}

),

conversions as (

    select * from {{ ref('dim_conversions') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

final as (

    select
        transitions.conversion_id,
        transitions.from_channel_id,
        transitions.to_channel_id,
        transitions.transition_count,
        {{ rate('transitions.transition_count', 'sum(transitions.transition_count) over (
            partition by
                transitions.conversion_id,
                transitions.period_start_date,
                transitions.from_channel_id
        )') }} as transition_rate,
        {{ is_period_over("'month'", 'transitions.period_start_date', 'conversions.lookback_days') }}
            as is_mature,
        transitions.period_start_date
    from transitions
    inner join conversions on transitions.conversion_id = conversions.conversion_id
    cross join horizon

)

select * from final
