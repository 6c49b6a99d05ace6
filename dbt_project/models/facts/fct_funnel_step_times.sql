{{ config(materialized='view') }}
with

counted_attempts as (

    select *
    from {{ ref('fct_funnel_counted_attempts') }}
    where grain = 'all' and is_mature

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

pairs as (

    select
        steps.funnel_id,
        steps.step_number as from_step,
        later_steps.step_number as to_step
    from steps
    inner join steps as later_steps
        on steps.funnel_id = later_steps.funnel_id
        and steps.step_number < later_steps.step_number

),

-- The one place that says how long an attempt took: by the times of its steps, which is what
-- conversion_time `counted_attempt` means.
timed as (

    select
        counted_attempts.funnel_id,
        counted_attempts.breakdown_value,
        counted_attempts.user_id,
        counted_attempts.attempt_number,
        pairs.from_step,
        pairs.to_step,
        {{ microseconds_between(
            step_time('counted_attempts', 'pairs.from_step'),
            step_time('counted_attempts', 'pairs.to_step')
        ) }} as microseconds
    from counted_attempts
    inner join pairs on counted_attempts.funnel_id = pairs.funnel_id

)

select
    funnel_id,
    breakdown_value,
    user_id,
    cast(attempt_number as bigint) as attempt_number,
    from_step,
    to_step,
    microseconds
from timed
where microseconds is not null
