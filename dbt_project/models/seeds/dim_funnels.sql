with

funnels as (

    select * from {{ source('seeds', 'funnels') }}

),

typed as (

    select
        funnel_id,
        label_en,
        label_zh,
        coalesce(lower(order_mode), 'ordered') as order_mode,
        coalesce(lower(count_by), 'users') as count_by,
        coalesce(lower(ties), 'together') as ties,
        breakdown,
        coalesce(lower(breakdown_attribution), 'first') as breakdown_attribution,
        hold_constant,
        coalesce(lower(conversion_time), 'counted_attempt') as conversion_time,
        row_number,
        case
            when window_seconds is null then 1209600
            else {{ whole_seconds('window_seconds', least=1) }}
        end as window_seconds,
        case
            when breakdown_limit is null then 25
            else {{ whole_number('breakdown_limit', 'bigint') }}
        end as breakdown_limit,
        {{ bound_instant('from_at', is_end=false) }} as from_at,
        {{ bound_instant('to_at', is_end=true) }} as to_at,
        {{ whole_number('time_bins', most=60) }} as time_bins,
        lower(trend_grain) as trend_grain
    from funnels
    where funnel_id is not null

),

-- An id that stands twice is a definition problem; the first row holds meanwhile.
ranked as (

    select
        typed.*,
        row_number() over (partition by funnel_id order by row_number) as copy_number
    from typed

)

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
    row_number,
    window_seconds,
    breakdown_limit,
    from_at,
    to_at,
    time_bins,
    trend_grain
from ranked
where copy_number = 1
