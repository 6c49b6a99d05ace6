with

conversion as (

    select * from {{ ref('mart_funnel_conversion') }} where grain <> 'all'

),

hours as (

    select * from {{ ref('fct_funnel_hours') }}

),

periods as (

    select * from {{ ref('dim_funnel_periods') }}

),

entry_periods as (

    select * from {{ ref('fct_funnel_entry_periods') }}

),

last_steps as (

    select
        funnel_id,
        max(step_number) as last_step
    from conversion
    where not is_optional
    group by funnel_id

),

counted as (

    select
        conversion.funnel_id,
        conversion.grain,
        conversion.breakdown_value,
        conversion.entrant_count,
        conversion.reached_count as converted_count,
        conversion.mature_entrant_count,
        conversion.mature_reached_count as mature_converted_count,
        cast(null as boolean) as is_every_window_closed,
        {{ local_midnight('conversion.period_start_date') }} as period_start_at
    from conversion
    inner join last_steps
        on conversion.funnel_id = last_steps.funnel_id
        and conversion.step_number = last_steps.last_step

    union all

    select
        funnel_id,
        'hour' as grain,
        cast(null as {{ dbt.type_string() }}) as breakdown_value,
        entrant_count,
        converted_count,
        mature_entrant_count,
        mature_converted_count,
        is_every_window_closed,
        hour_started_at as period_start_at
    from hours

),

-- The total of a period is there whether anybody ever enters or not.
parts as (

    select
        funnel_id,
        grain,
        breakdown_value
    from counted

    union

    select
        funnel_id,
        grain,
        cast(null as {{ dbt.type_string() }}) as breakdown_value
    from periods

),

filled as (

    select
        periods.funnel_id,
        periods.grain,
        parts.breakdown_value,
        coalesce(counted.entrant_count, 0) as entrant_count,
        coalesce(counted.converted_count, 0) as converted_count,
        coalesce(counted.mature_entrant_count, 0) as mature_entrant_count,
        coalesce(counted.mature_converted_count, 0) as mature_converted_count,
        periods.is_closed and coalesce(
            counted.is_every_window_closed, entry_periods.is_every_window_closed, true
        ) as is_mature,
        periods.period_start_date,
        periods.period_start_at
    from periods
    inner join parts
        on periods.funnel_id = parts.funnel_id
        and periods.grain = parts.grain
    left join counted
        on periods.funnel_id = counted.funnel_id
        and periods.grain = counted.grain
        and periods.period_start_at = counted.period_start_at
        and parts.breakdown_value is not distinct from counted.breakdown_value
    left join entry_periods
        on periods.funnel_id = entry_periods.funnel_id
        and periods.grain = entry_periods.grain
        and periods.period_start_date = entry_periods.period_start_date
        and parts.breakdown_value is not distinct from entry_periods.breakdown_value

)

select
    funnel_id,
    grain,
    breakdown_value,
    entrant_count,
    converted_count,
    mature_entrant_count,
    mature_converted_count,
    {{ rate('mature_converted_count', 'mature_entrant_count') }} as conversion_rate,
    is_mature,
    period_start_date,
    period_start_at
from filled
