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

-- How deep an attempt goes is found by links from each step to the next; where a limit or
-- an optional step leaves a choice, or every event counts, by walking the choices; in any
-- order, by sets of steps.
shapes as (

    select
        funnel_id,
        max(step_number) as step_count,
        bool_or(max_seconds is not null) as has_max_seconds,
        bool_or(
            is_optional or min_seconds is not null or max_seconds is not null
        ) as has_choice
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
    case
        when order_mode = 'any' then 'sets'
        when order_mode = 'strict' or shapes.has_choice then 'walks'
        else 'links'
    end as search,
    row_number,
    window_seconds,
    breakdown_limit,
    coalesce(shapes.step_count, 0) as step_count,
    coalesce(shapes.has_max_seconds, false) as has_max_seconds,
    from_at,
    to_at,
    time_bins,
    trend_grain
from typed
left join shapes on typed.funnel_id = shapes.funnel_id
