with

funnels as (

    select * from {{ source('seeds', 'funnels') }}

),

typed as (

    select
        funnel_id,
        label_en,
        label_zh,
        order_mode,
        count_by,
        ties,
        breakdown,
        breakdown_attribution,
        hold_constant,
        conversion_time,
        coalesce(
            when_void, case when order_mode = 'any' then 'ignore' else 'leave' end
        ) as when_void,
        row_number,
        window_seconds,
        breakdown_limit,
        {{ bound_instant('from_at', is_end=false) }} as from_at,
        {{ bound_instant('to_at', is_end=true) }} as to_at,
        time_bins,
        trend_grain
    from funnels

),

shapes as (

    select
        funnel_id,
        max(step_number) as step_count
    from {{ ref('dim_funnel_steps') }}
    where step_number is not null
    group by funnel_id

)

select
    typed.funnel_id,
    label_en,
    label_zh,
    order_mode,
    count_by,
    ties,
    breakdown,
    breakdown_attribution,
    hold_constant,
    conversion_time,
    when_void,
    row_number,
    window_seconds,
    breakdown_limit,
    coalesce(shapes.step_count, 0) as step_count,
    from_at,
    to_at,
    time_bins,
    trend_grain
from typed
left join shapes on typed.funnel_id = shapes.funnel_id
