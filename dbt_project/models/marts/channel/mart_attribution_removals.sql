with

removals as (

    select * from {{ ref('step_attribution_removals') }}

),

conversions as (

    select * from {{ ref('dim_conversions') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

final as (

    select
        removals.conversion_id,
        removals.channel_id,
        removals.removal_effect,
        removals.credit_share,
        {{ is_period_over("'month'", 'removals.period_start_date', 'conversions.lookback_days') }}
            as is_mature,
        removals.period_start_date
    from removals
    inner join conversions on removals.conversion_id = conversions.conversion_id
    cross join horizon

)

select * from final
