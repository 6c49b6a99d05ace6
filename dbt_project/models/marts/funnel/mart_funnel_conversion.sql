with

step_times as (

    select * from {{ ref('step_funnel_step_times') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

entry_periods as (

    select * from {{ ref('fct_funnel_entry_periods') }}

),

counted as (

    select
        funnel_id,
        grain,
        period_start_date,
        breakdown_value,
        step_number,
        count(case when is_counted then 1 end) as entrant_count,
        count(case when is_counted and is_reached then 1 end) as reached_count,
        count(case when is_mature then 1 end) as mature_entrant_count,
        count(case when is_mature and is_reached then 1 end) as mature_reached_count,
        count(case when is_mature and is_previous_reached then 1 end) as mature_previous_count,
        sum(case when is_mature and is_reached then microseconds_from_previous end)
        / (
            1000000.0
            * count(case when is_mature and is_reached then microseconds_from_previous end)
        ) as mean_seconds_from_previous,
        percentile_cont(0.5) within group (
            order by case when is_mature and is_reached then microseconds_from_previous end
        ) / 1000000.0 as median_seconds_from_previous,
        percentile_cont(0.9) within group (
            order by case when is_mature and is_reached then microseconds_from_previous end
        ) / 1000000.0 as p90_seconds_from_previous
    from step_times
    group by funnel_id, grain, period_start_date, breakdown_value, step_number

),

-- The total over all periods always exists, also where nobody entered.
periods as (

    select distinct
        funnel_id,
        grain,
        period_start_date,
        breakdown_value
    from counted

    union

    select
        funnel_id,
        'all' as grain,
        cast(null as date) as period_start_date,
        cast(null as {{ dbt.type_string() }}) as breakdown_value
    from funnels

),

closed as (

    select
        periods.*,
        case periods.grain
            when 'all' then funnels.to_at <= horizon.data_through_at
            when 'day' then {{ local_midnight(
                dbt.dateadd('day', 1, 'periods.period_start_date')
            ) }} <= horizon.data_through_at
            when 'week' then {{ local_midnight(
                dbt.dateadd('day', 7, 'periods.period_start_date')
            ) }} <= horizon.data_through_at
            else {{ local_midnight(
                dbt.dateadd('month', 1, 'periods.period_start_date')
            ) }} <= horizon.data_through_at
        end as is_period_closed
    from periods
    inner join funnels on periods.funnel_id = funnels.funnel_id
    cross join horizon

)

select
    closed.funnel_id,
    closed.grain,
    closed.breakdown_value,
    steps.step_number,
    steps.event_name as step_event_name,
    coalesce(counted.entrant_count, 0) as entrant_count,
    coalesce(counted.reached_count, 0) as reached_count,
    coalesce(counted.mature_entrant_count, 0) as mature_entrant_count,
    coalesce(counted.mature_reached_count, 0) as mature_reached_count,
    case
        when steps.previous_step_number is null then null
        else coalesce(counted.mature_previous_count, 0)
    end as mature_previous_count,
    {{ rate('counted.mature_reached_count', 'counted.mature_entrant_count') }}
        as rate_from_start,
    {{ rate(
        'counted.mature_reached_count',
        'case when steps.previous_step_number is not null '
        ~ 'then counted.mature_previous_count end'
    ) }} as rate_from_previous,
    cast(counted.mean_seconds_from_previous as double) as mean_seconds_from_previous,
    cast(counted.median_seconds_from_previous as double) as median_seconds_from_previous,
    cast(counted.p90_seconds_from_previous as double) as p90_seconds_from_previous,
    steps.is_optional,
    coalesce(closed.is_period_closed, false)
        and coalesce(entry_periods.is_every_window_closed, true) as is_mature,
    closed.period_start_date
from closed
inner join steps on closed.funnel_id = steps.funnel_id
left join counted
    on closed.funnel_id = counted.funnel_id
    and closed.grain = counted.grain
    and steps.step_number = counted.step_number
    and closed.period_start_date is not distinct from counted.period_start_date
    and closed.breakdown_value is not distinct from counted.breakdown_value
left join entry_periods
    on closed.funnel_id = entry_periods.funnel_id
    and closed.grain = entry_periods.grain
    and closed.period_start_date is not distinct from entry_periods.period_start_date
    and closed.breakdown_value is not distinct from entry_periods.breakdown_value
