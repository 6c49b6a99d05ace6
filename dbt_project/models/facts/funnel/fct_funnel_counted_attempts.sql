{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
{# The best of a period is the best of its days' best; so each grain reads few rows. #}
{%- set grains = {
    'day': {'period': 'entry_date', 'from': 'ranked'},
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
ranked as (

    select
        entries.*,
        row_number() over (
            partition by funnel_id, breakdown_value, user_id, entrant_id
            order by
                is_ignored, required_step_count desc, step_count desc, is_void, entered_at,
                part_value, attempt_number
        ) as depth_rank
    from entries

),

{% for grain, source in grains.items() -%}
best_of_{{ grain }} as (

    select
        funnel_id,
        breakdown_value,
        user_id,
        entrant_id,
        min(depth_rank) as depth_rank,
        bool_and(is_mature) as is_mature,
        {{ source['period'] }} as entry_date
    from {{ source['from'] }}
    group by
        funnel_id, breakdown_value, user_id, entrant_id
        {%- if grain != 'all' %}, {{ source['period'] }}{% endif %}

),

{% endfor -%}
counted as (

    {% for grain in grains -%}
    select
        '{{ grain }}' as grain,
        best_of_{{ grain }}.*
    from best_of_{{ grain }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    counted.funnel_id,
    counted.grain,
    counted.breakdown_value,
    counted.user_id,
    attempts.attempt_number,
    counted.entrant_id,
    attempts.reached_step,
    counted.is_mature,
    counted.entry_date as period_start_date,
    attempts.entered_at,
    {% for step in steps -%}
    attempts.step_{{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
from counted
inner join ranked
    on counted.funnel_id = ranked.funnel_id
    and counted.user_id = ranked.user_id
    and counted.entrant_id = ranked.entrant_id
    and counted.depth_rank = ranked.depth_rank
    and counted.breakdown_value is not distinct from ranked.breakdown_value
inner join attempts
    on ranked.funnel_id = attempts.funnel_id
    and ranked.user_id = attempts.user_id
    and ranked.attempt_number = attempts.attempt_number
    and ranked.thread_value
    is not distinct from case when attempts.is_breakdown_thread then attempts.breakdown_value end
where not ranked.is_void
