with

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

attempts as (

    select * from {{ ref('fct_funnel_opened_attempts') }}

),

-- Void ones too: one of theirs may still get further, and be none.
days as (

    select
        funnel_id,
        cast(null as {{ dbt.type_string() }}) as part_value,
        entry_date,
        max(closes_at) as matures_at
    from attempts
    where not is_breakdown_thread
    group by funnel_id, entry_date

    union all

    select
        funnel_id,
        breakdown_value as part_value,
        entry_date,
        max(closes_at) as matures_at
    from attempts
    where breakdown_value is not null
    group by funnel_id, breakdown_value, entry_date

),

shown_days as (

    select
        days.*,
        breakdown_values.shown_value as breakdown_value
    from days
    left join {{ ref('fct_funnel_breakdown_values') }} as breakdown_values
        on days.funnel_id = breakdown_values.funnel_id
        and days.part_value = breakdown_values.breakdown_value

),

periods as (

    {{ in_entry_periods('shown_days') }}

)

select
    periods.funnel_id,
    periods.grain,
    periods.breakdown_value,
    max(periods.matures_at) <= max(horizon.data_through_at) as is_every_window_closed,
    periods.period_start_date
from periods
cross join horizon
group by
    periods.funnel_id, periods.grain, periods.breakdown_value, periods.period_start_date
