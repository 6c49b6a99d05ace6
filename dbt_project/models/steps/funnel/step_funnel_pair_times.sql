with

counted_attempts as (

    select *
    from {{ ref('fct_funnel_counted_attempts') }}
    where grain = 'all' and is_mature

),

timed_attempts as (

    select * from {{ ref('fct_funnel_timed_attempts') }} where grain = 'all'

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

pairs as (

    select
        steps.funnel_id,
        funnels.conversion_time,
        steps.step_number as from_step,
        later_steps.step_number as to_step
    from steps
    inner join steps as later_steps
        on steps.funnel_id = later_steps.funnel_id
        and steps.step_number < later_steps.step_number
    inner join funnels on steps.funnel_id = funnels.funnel_id

),

-- How long it took, by the attempt that counts, or by the ones that conversion_time names.
timed as (

    select
        counted_attempts.funnel_id,
        counted_attempts.breakdown_value,
        counted_attempts.user_id,
        counted_attempts.attempt_number,
        pairs.from_step,
        pairs.to_step,
        case
            when pairs.conversion_time = 'counted_attempt'
                then {{ microseconds_between(
                    step_time('counted_attempts', 'pairs.from_step'),
                    step_time('counted_attempts', 'pairs.to_step')
                ) }}
            else to_times.microseconds_from_start - from_times.microseconds_from_start
        end as microseconds
    from counted_attempts
    inner join pairs on counted_attempts.funnel_id = pairs.funnel_id
    {% for end in ['from', 'to'] -%}
    left join timed_attempts as {{ end }}_times
        on counted_attempts.funnel_id = {{ end }}_times.funnel_id
        and counted_attempts.user_id = {{ end }}_times.user_id
        and counted_attempts.entrant_id = {{ end }}_times.entrant_id
        and pairs.{{ end }}_step = {{ end }}_times.step_number
        and counted_attempts.breakdown_value is not distinct from {{ end }}_times.breakdown_value
    {% endfor %}
    where
        {{ step_time('counted_attempts', 'pairs.from_step') }} is not null
        and {{ step_time('counted_attempts', 'pairs.to_step') }} is not null

)

select
    funnel_id,
    breakdown_value,
    user_id,
    attempt_number,
    from_step,
    to_step,
    microseconds
from timed
where microseconds is not null
