with

-- Times are of what has had its time: of attempts whose window has closed.
entries as (

    select
        entries.*,
        funnels.conversion_time,
        breakdown_values.shown_value as breakdown_value
    from {{ ref('step_funnel_entries') }} as entries
    inner join {{ ref('dim_funnels') }} as funnels
        on entries.funnel_id = funnels.funnel_id
        and funnels.conversion_time <> 'counted_attempt'
    inner join {{ ref('dim_horizon') }} as horizon
        on entries.closes_at <= horizon.data_through_at
    left join {{ ref('fct_funnel_breakdown_values') }} as breakdown_values
        on entries.funnel_id = breakdown_values.funnel_id
        and entries.part_value = breakdown_values.breakdown_value

),

attempts as (

    select * from {{ ref('fct_funnel_attempts') }}

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

periods as (

    {{ in_entry_periods('entries') }}

),

-- Of an entrant's furthest attempts, the one that got there first, from its latest start.
ranked as (

    select
        periods.*,
        row_number() over (
            partition by
                funnel_id, grain, period_start_date, breakdown_value, user_id, entrant_id
            order by
                is_ignored, required_step_count desc, step_count desc, is_void, furthest_at,
                entered_at desc, part_value desc, attempt_number desc
        ) as completion_rank,
        rank() over (
            partition by
                funnel_id, grain, period_start_date, breakdown_value, user_id, entrant_id
            order by is_ignored, required_step_count desc, step_count desc, is_void
        ) as furthest_rank
    from periods

),

timed as (

    select
        ranked.funnel_id,
        ranked.grain,
        ranked.breakdown_value,
        ranked.user_id,
        ranked.entrant_id,
        steps.step_number,
        ranked.period_start_date,
        {{ microseconds_between(
            'attempts.step_1_at', step_time('attempts', 'steps.step_number')
        ) }} as microseconds_from_start,
        {{ microseconds_between(
            step_time('attempts', 'steps.previous_step_number'),
            step_time('attempts', 'steps.step_number')
        ) }} as microseconds_from_previous
    from ranked
    inner join attempts
        on ranked.funnel_id = attempts.funnel_id
        and ranked.user_id = attempts.user_id
        and ranked.attempt_number = attempts.attempt_number
        and ranked.is_breakdown_thread = attempts.is_breakdown_thread
        and (not ranked.is_breakdown_thread or ranked.part_value = attempts.breakdown_value)
    inner join steps on ranked.funnel_id = steps.funnel_id
    where
        not ranked.is_void
        and (ranked.completion_rank = 1 or ranked.conversion_time = 'mean_of_furthest')
        and ranked.furthest_rank = 1

)

select
    funnel_id,
    grain,
    breakdown_value,
    user_id,
    entrant_id,
    step_number,
    {# Whole microseconds, so that no sum depends on its order. #}
    cast(round(sum(microseconds_from_start) / count(microseconds_from_start)) as bigint)
        as microseconds_from_start,
    cast(round(sum(microseconds_from_previous) / count(microseconds_from_previous)) as bigint)
        as microseconds_from_previous,
    period_start_date
from timed
where microseconds_from_start is not null
group by
    funnel_id, grain, breakdown_value, user_id, entrant_id, step_number,
    period_start_date
