with

counted_attempts as (

    select * from {{ ref('fct_funnel_counted_attempts') }}

),

timed_attempts as (

    select * from {{ ref('fct_funnel_timed_attempts') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

reached as (

    select
        counted_attempts.*,
        funnels.conversion_time,
        steps.step_number,
        steps.previous_step_number,
        {{ step_time('counted_attempts', 'steps.step_number') }} as reached_at,
        {{ step_time('counted_attempts', 'steps.previous_step_number') }} as previous_at
    from counted_attempts
    inner join funnels on counted_attempts.funnel_id = funnels.funnel_id
    inner join steps on counted_attempts.funnel_id = steps.funnel_id

)

select
    reached.funnel_id,
    reached.grain,
    reached.breakdown_value,
    reached.user_id,
    reached.entrant_id,
    reached.step_number,
    case
        when reached.reached_at is null or not reached.is_mature then null
        when reached.conversion_time = 'counted_attempt'
            then {{ microseconds_between('reached.step_1_at', 'reached.reached_at') }}
        else timed_attempts.microseconds_from_start
    end as microseconds_from_start,
    case
        when reached.reached_at is null or not reached.is_mature then null
        when reached.conversion_time = 'counted_attempt'
            then {{ microseconds_between('reached.previous_at', 'reached.reached_at') }}
        else timed_attempts.microseconds_from_previous
    end as microseconds_from_previous,
    reached.reached_at is not null as is_reached,
    reached.previous_at is not null as is_previous_reached,
    reached.is_counted,
    reached.is_mature,
    reached.period_start_date
from reached
left join timed_attempts
    on reached.funnel_id = timed_attempts.funnel_id
    and reached.grain = timed_attempts.grain
    and reached.user_id = timed_attempts.user_id
    and reached.entrant_id = timed_attempts.entrant_id
    and reached.step_number = timed_attempts.step_number
    and reached.breakdown_value is not distinct from timed_attempts.breakdown_value
    and reached.period_start_date is not distinct from timed_attempts.period_start_date
