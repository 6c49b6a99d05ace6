{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
{# The best of a period is the best of its days' best; so each grain reads few rows. #}
{%- set grains = {
    'day': {'period': 'entry_date', 'from': 'entries'},
    'week': {'period': week_start('entry_date'), 'from': 'best_of_day'},
    'month': {'period': month_start('entry_date'), 'from': 'best_of_day'},
    'all': {'period': 'cast(null as date)', 'from': 'best_of_month'},
} -%}
with

entries as (

    select * from {{ ref('fct_funnel_entries') }}

),

attempts as (

    select * from {{ ref('fct_funnel_attempts') }}

),

-- The attempt that got furthest, then the earliest; a void one only where all of the
-- furthest are, and then the entrant leaves the period.
{% for grain, source in grains.items() -%}
ranked_of_{{ grain }} as (

    select
        funnel_id,
        breakdown_value,
        user_id,
        attempt_number,
        entrant_number,
        reached_step,
        required_step_count,
        step_count,
        is_void,
        is_ignored,
        bool_and(is_mature) over (
            partition by
                funnel_id, breakdown_value, user_id, entrant_number, {{ source['period'] }}
        ) as is_mature,
        entry_date,
        entered_at,
        row_number() over (
            partition by
                funnel_id, breakdown_value, user_id, entrant_number, {{ source['period'] }}
            order by
                is_ignored, required_step_count desc, step_count desc, is_void, entered_at,
                attempt_number
        ) as attempt_rank
    from {{ source['from'] }}

),

best_of_{{ grain }} as (

    select * from ranked_of_{{ grain }} where attempt_rank = 1

),

{% endfor -%}
counted as (

    {% for grain, source in grains.items() -%}
    select
        funnel_id,
        '{{ grain }}' as grain,
        breakdown_value,
        user_id,
        attempt_number,
        entrant_number,
        reached_step,
        is_mature,
        {{ source['period'] }} as period_start_date,
        entered_at
    from best_of_{{ grain }}
    where not is_void
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    counted.funnel_id,
    counted.grain,
    counted.breakdown_value,
    counted.user_id,
    counted.attempt_number,
    counted.entrant_number,
    counted.reached_step,
    counted.is_mature,
    counted.period_start_date,
    counted.entered_at,
    {% for step in steps -%}
    attempts.step_{{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
from counted
inner join attempts
    on counted.funnel_id = attempts.funnel_id
    and counted.user_id = attempts.user_id
    and counted.attempt_number = attempts.attempt_number
