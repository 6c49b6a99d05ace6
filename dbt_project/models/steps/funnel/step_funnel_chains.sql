{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, funnel_step_count() + 1) -%}
{%- set searches = {
    'links': {'model': 'step_funnel_link_chains', 'required_count': 'step_count'},
    'walks': {'model': 'step_funnel_walk_chains', 'required_count': 'required_count'},
    'sets': {'model': 'step_funnel_set_chains', 'required_count': 'step_count'},
} -%}
with

{# A loop, because the three searches end in the same columns. #}
united as (

    {% for search, found in searches.items() if search == 'links' or funnels_ask(search) -%}
    {%- set last_step = funnel_step_count(search) -%}
    select
        funnel_id,
        user_id,
        thread_id,
        thread_breakdown_value,
        {{ found['required_count'] }} as required_count,
        step_count,
        step_1_rank,
        value_rank,
        {% for step in steps -%}
        {{ 'step_' ~ step ~ '_at' if step <= last_step else 'cast(null as timestamp)' }}
            as step_{{ step }}_at,
        {% endfor -%}
        closes_at
    from {{ ref(found['model']) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    funnel_id,
    user_id,
    thread_id,
    thread_breakdown_value,
    required_count,
    step_count,
    case
        {%- for step in steps | reverse %}
        when step_{{ step }}_at is not null then {{ step }}
        {%- endfor %}
    end as reached_step,
    step_1_rank,
    value_rank,
    {% for step in steps -%}
    step_{{ step }}_at,
    {% endfor -%}
    closes_at
from united
