with

pair_times as (

    select * from {{ ref('step_funnel_pair_times') }}

),

conversion as (

    select * from {{ ref('mart_funnel_conversion') }} where grain = 'all'

),

counted as (

    select
        funnel_id,
        breakdown_value,
        from_step,
        to_step,
        count(*) as mature_reached_count,
        min(microseconds) as least_microseconds,
        max(microseconds) as most_microseconds,
        sum(microseconds) / (1000000.0 * count(*)) as mean_seconds,
        percentile_cont(0.5) within group (order by microseconds) / 1000000.0
            as median_seconds,
        percentile_cont(0.9) within group (order by microseconds) / 1000000.0 as p90_seconds
    from pair_times
    group by funnel_id, breakdown_value, from_step, to_step

)

select
    counted.funnel_id,
    counted.breakdown_value,
    cast(counted.from_step as integer) as from_step,
    cast(counted.to_step as integer) as to_step,
    counted.mature_reached_count,
    cast(counted.least_microseconds / 1000000.0 as double) as least_seconds,
    cast(counted.mean_seconds as double) as mean_seconds,
    cast(counted.median_seconds as double) as median_seconds,
    cast(counted.p90_seconds as double) as p90_seconds,
    cast(counted.most_microseconds / 1000000.0 as double) as most_seconds,
    conversion.is_mature
from counted
inner join conversion
    on counted.funnel_id = conversion.funnel_id
    and counted.to_step = conversion.step_number
    and counted.breakdown_value is not distinct from conversion.breakdown_value
