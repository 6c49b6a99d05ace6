with

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

best_attempts as (

    select
        best_attempts.*,
        breakdown_values.shown_value as breakdown_value
    from {{ ref('fct_funnel_best_attempts') }} as best_attempts
    left join {{ ref('fct_funnel_breakdown_values') }} as breakdown_values
        on best_attempts.funnel_id = breakdown_values.funnel_id
        and best_attempts.part_value = breakdown_values.breakdown_value

),

-- Void ones too: one of theirs may still get further, and be none.
periods as (

    select
        funnel_id,
        grain,
        breakdown_value,
        max(matures_at) as matures_at,
        period_start_date
    from best_attempts
    group by funnel_id, grain, breakdown_value, period_start_date

)

select
    periods.funnel_id,
    periods.grain,
    periods.breakdown_value,
    periods.matures_at <= horizon.data_through_at as is_every_window_closed,
    periods.period_start_date
from periods
cross join horizon
