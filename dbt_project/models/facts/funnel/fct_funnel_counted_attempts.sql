{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
with

entries as (

    select * from {{ ref('fct_funnel_entries') }}

),

attempts as (

    select * from {{ ref('fct_funnel_attempts') }}

),

-- The attempt that got furthest, then the earliest; a void one only where all of the
-- furthest are, and then the entrant leaves the period.
ranked as (

    select
        entries.*,
        row_number() over (
            partition by
                funnel_id, grain, period_start_date, breakdown_value, user_id, entrant_number
            order by
                is_ignored, required_step_count desc, step_count desc, is_void, entered_at,
                attempt_number
        ) as attempt_rank,
        bool_and(is_mature) over (
            partition by
                funnel_id, grain, period_start_date, breakdown_value, user_id, entrant_number
        ) as is_entrant_mature
    from entries

)

select
    ranked.funnel_id,
    ranked.grain,
    ranked.breakdown_value,
    ranked.user_id,
    ranked.attempt_number,
    ranked.entrant_number,
    ranked.reached_step,
    ranked.is_entrant_mature as is_mature,
    ranked.period_start_date,
    ranked.entered_at,
    {% for step in steps -%}
    attempts.step_{{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
from ranked
inner join attempts
    on ranked.funnel_id = attempts.funnel_id
    and ranked.user_id = attempts.user_id
    and ranked.attempt_number = attempts.attempt_number
where ranked.attempt_rank = 1 and not ranked.is_void
