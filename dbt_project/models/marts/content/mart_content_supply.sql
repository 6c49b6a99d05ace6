with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

by_day as (

    select
        supply.*,
        {{ grain_starts('supply.supply_date') }}
    from {{ ref('step_content_supply') }} as supply

),

counted as (

    select
        dimension,
        dimension_value,
        {{ grain_columns() }},
        count(case when moment = 'planned' then 1 end) as planned_count,
        count(case when moment = 'planned' and is_out then 1 end) as planned_published_count,
        count(case when moment = 'planned' and is_on_time then 1 end) as on_time_count,
        count(case when moment = 'submitted' then 1 end) as submitted_count,
        count(case when moment = 'reviewed' then 1 end) as reviewed_count,
        count(case when moment = 'reviewed' and is_first_decision_approval then 1 end)
            as passed_first_count,
        count(case when moment = 'published' then 1 end) as published_count,
        count(case when moment = 'published' then is_original end) as original_known_count,
        count(case when moment = 'published' and is_original then 1 end) as original_count,
        {{ discrete_median("case when moment = 'published' then cycle_seconds end") }}
            as median_cycle_seconds
    from by_day
    group by {{ grain_sets(['dimension', 'dimension_value']) }}

),

days as (

    select
        dimension,
        dimension_value,
        day_start_date,
        week_start_date,
        month_start_date,
        sum(sum(live_change)) over by_then as live_count,
        sum(sum(stale_change)) over by_then as stale_count
    from by_day
    group by dimension, dimension_value, day_start_date, week_start_date, month_start_date
    window by_then as (
        partition by dimension, dimension_value
        order by day_start_date
        rows between unbounded preceding and current row
    )

),

-- What stands at the end of the period's last day, or of the last that there is.
stood as (

    select
        dimension,
        dimension_value,
        {{ grain_columns() }},
        cast(max_by(live_count, last_date) as bigint) as live_count,
        cast(max_by(stale_count, last_date) as bigint) as stale_count
    from (select days.*, days.day_start_date as last_date from days) as dated
    group by {{ grain_sets(['dimension', 'dimension_value']) }}

),

final as (

    select
        counted.grain,
        counted.dimension,
        counted.dimension_value,
        counted.planned_count,
        counted.planned_published_count,
        counted.on_time_count,
        counted.submitted_count,
        counted.reviewed_count,
        counted.passed_first_count,
        {{ rate_with_bounds(
            'counted.passed_first_count', 'counted.reviewed_count', 'first_pass_rate'
        ) }},
        counted.published_count,
        counted.original_known_count,
        counted.original_count,
        {{ rate_with_bounds(
            'counted.original_count', 'counted.original_known_count', 'original_rate'
        ) }},
        counted.median_cycle_seconds,
        stood.live_count,
        stood.stale_count,
        {{ rate_with_bounds('stood.stale_count', 'stood.live_count', 'stale_rate') }},
        {{ is_period_over('counted.grain', 'counted.period_start_date', '0') }} as is_mature,
        counted.period_start_date
    from counted
    inner join stood
        on counted.dimension = stood.dimension
        and counted.dimension_value is not distinct from stood.dimension_value
        and counted.grain = stood.grain
        and counted.period_start_date is not distinct from stood.period_start_date
    cross join horizon
    where
        counted.period_start_date is null
        or counted.period_start_date <= horizon.data_through_date

)

select * from final
