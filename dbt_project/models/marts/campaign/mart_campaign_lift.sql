with

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

arms as (

    select * from {{ ref('fct_campaign_arms') }}

),

comparisons as (

    select * from {{ ref('step_campaign_comparisons') }}

),

balance as (

    select distinct
        campaign_id,
        is_mismatch
    from {{ ref('mart_campaign_balance') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

final as (

    select
        arms.campaign_id,
        arms.measure_id,
        arms.variant,
        comparisons.method,
        arms.user_count,
        controls.user_count as control_user_count,
        arms.value_sum,
        controls.value_sum as control_value_sum,
        case when arms.kind = 'ratio' then arms.denominator_sum end as denominator_sum,
        case when arms.kind = 'ratio' then controls.denominator_sum end as control_denominator_sum,
        comparisons.mean_value,
        comparisons.control_mean_value,
        comparisons.difference,
        comparisons.standard_error,
        comparisons.degrees_of_freedom,
        comparisons.difference_low,
        comparisons.difference_high,
        comparisons.p_value,
        comparisons.relative_lift,
        comparisons.relative_low,
        comparisons.relative_high,
        comparisons.theta,
        comparisons.variance_reduction_rate,
        comparisons.difference * cast(arms.user_count as double) as incremental_value,
        arms.user_count < 30
        or controls.user_count < 30
        or (
            arms.kind = 'proportion'
            and least(
                arms.value_sum,
                arms.user_count - arms.value_sum,
                controls.value_sum,
                controls.user_count - controls.value_sum
            ) < 5
        ) as is_small_sample,
        balance.is_mismatch,
        coalesce(
            arms.is_closed
            and controls.is_closed
            -- While it runs, others may yet be assigned.
            and (campaigns.ends_at is null or campaigns.ends_at <= horizon.data_through_at),
            false
        ) as is_mature
    from comparisons
    inner join arms
        on comparisons.campaign_id = arms.campaign_id
        and comparisons.measure_id = arms.measure_id
        and comparisons.variant = arms.variant
    inner join arms as controls
        on comparisons.campaign_id = controls.campaign_id
        and comparisons.measure_id = controls.measure_id
        and controls.is_control
    inner join campaigns on comparisons.campaign_id = campaigns.campaign_id
    left join balance on comparisons.campaign_id = balance.campaign_id
    cross join horizon

)

select * from final
