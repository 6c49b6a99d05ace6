with

-- Whose times are those of other attempts than the one that counts.
funnels as (

    select * from {{ ref('dim_funnels') }} where conversion_time <> 'counted_attempt'

),

-- Times are of what has had its time: of attempts whose window has closed. A total for every
-- funnel, and one part for each value where it is broken down.
attempts as (

    select
        attempts.*,
        funnels.conversion_time
    from {{ ref('fct_funnel_opened_attempts') }} as attempts
    inner join funnels on attempts.funnel_id = funnels.funnel_id
    inner join {{ ref('dim_horizon') }} as horizon
        on attempts.closes_at <= horizon.data_through_at

),

parted as (

    select
        attempts.*,
        cast(null as {{ dbt.type_string() }}) as part_value
    from attempts
    where not is_breakdown_thread

    union all

    select
        attempts.*,
        attempts.breakdown_value as part_value
    from attempts
    where breakdown_value is not null

),

entries as (

    select
        parted.*,
        breakdown_values.shown_value
    from parted
    left join {{ ref('fct_funnel_breakdown_values') }} as breakdown_values
        on parted.funnel_id = breakdown_values.funnel_id
        and parted.part_value = breakdown_values.breakdown_value

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
                funnel_id, grain, period_start_date, shown_value, user_id, entrant_id
            order by
                is_ignored, required_step_count desc, step_count desc, is_void, furthest_at,
                entered_at desc, part_value desc, attempt_number desc
        ) as completion_rank,
        rank() over (
            partition by
                funnel_id, grain, period_start_date, shown_value, user_id, entrant_id
            order by is_ignored, required_step_count desc, step_count desc, is_void
        ) as furthest_rank
    from periods

),

timed as (

    select
        ranked.funnel_id,
        ranked.grain,
        ranked.shown_value as breakdown_value,
        ranked.user_id,
        ranked.entrant_id,
        steps.step_number,
        ranked.period_start_date,
        {{ microseconds_between(
            'ranked.step_1_at', step_time('ranked', 'steps.step_number')
        ) }} as microseconds_from_start,
        {{ microseconds_between(
            step_time('ranked', 'steps.previous_step_number'),
            step_time('ranked', 'steps.step_number')
        ) }} as microseconds_from_previous
    from ranked
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
