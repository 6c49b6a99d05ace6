-- Only for funnels that ask for it (trend_grain), and in total alone: the counted attempts go
-- by days. Who counts in an hour is decided as in a day: see fct_funnel_counted_attempts.
with

attempts as (

    select * from {{ ref('fct_funnel_attempts') }} where not is_breakdown_thread

),

funnels as (

    select * from {{ ref('dim_funnels') }} where trend_grain = 'hour'

),

last_steps as (

    select
        funnel_id,
        max(step_number) as last_step
    from {{ ref('dim_funnel_steps') }}
    where step_number is not null and not is_optional
    group by funnel_id

),

dated as (

    select
        attempts.*,
        {{ step_time('attempts', 'last_steps.last_step') }} is not null as is_converted,
        case when funnels.count_by = 'attempts' then attempts.attempt_number end as counted_number,
        {{ local_hour_start('attempts.entered_at') }} as hour_started_at
    from attempts
    inner join funnels on attempts.funnel_id = funnels.funnel_id
    inner join last_steps on attempts.funnel_id = last_steps.funnel_id

),

ranked as (

    select
        dated.*,
        row_number() over (
            partition by funnel_id, hour_started_at, user_id, counted_number
            order by
                is_ignored, required_step_count desc, step_count desc, is_void, entered_at,
                attempt_number
        ) as attempt_rank,
        bool_and(is_mature) over (
            partition by funnel_id, hour_started_at, user_id, counted_number
        ) as is_entrant_mature
    from dated

)

select
    funnel_id,
    count(*) as entrant_count,
    count(case when is_converted then 1 end) as converted_count,
    count(case when is_entrant_mature then 1 end) as mature_entrant_count,
    count(case when is_entrant_mature and is_converted then 1 end)
        as mature_converted_count,
    hour_started_at
from ranked
where attempt_rank = 1 and not is_void
group by funnel_id, hour_started_at
