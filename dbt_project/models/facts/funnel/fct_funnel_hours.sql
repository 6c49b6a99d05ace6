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

-- The best of all attempts of an entrant counts, and the best of those that have closed.
ranked as (

    select
        dated.*,
        {% for rank, more in {'counted_rank': '', 'mature_rank': ', is_mature'}.items() -%}
        row_number() over (
            partition by funnel_id, hour_started_at, user_id, counted_number{{ more }}
            order by
                is_ignored, required_step_count desc, step_count desc, is_void, entered_at,
                attempt_number
        ) as {{ rank }}{{ ',' if not loop.last }}
        {% endfor %}
    from dated

),

flagged as (

    select
        ranked.*,
        counted_rank = 1 and not is_void as is_counted,
        is_mature and mature_rank = 1 and not is_void as is_counted_mature
    from ranked

)

select
    funnel_id,
    count(case when is_counted then 1 end) as entrant_count,
    count(case when is_counted and is_converted then 1 end) as converted_count,
    count(case when is_counted_mature then 1 end) as mature_entrant_count,
    count(case when is_counted_mature and is_converted then 1 end) as mature_converted_count,
    bool_and(is_mature) as is_every_window_closed,
    hour_started_at
from flagged
group by funnel_id, hour_started_at
