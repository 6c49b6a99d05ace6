{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(2, var('funnel_max_steps') + 1) -%}
with

step_events as (

    select * from {{ ref('fct_funnel_step_events') }} where step_number = 1

),

links as (

    select * from {{ ref('fct_funnel_step_links') }}

),

opening_runs as (

    select * from {{ ref('fct_funnel_instant_runs') }} where opening_rank is not null

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

-- Others of the opening event's instant may serve the steps up to `last_1`.
reached_1 as (

    select
        step_events.funnel_id,
        step_events.user_id,
        step_events.thread_id,
        step_events.thread_breakdown_value,
        step_events.event_rank as step_1_rank,
        step_events.occurred_at as step_1_at,
        {{ add_seconds('step_events.occurred_at', 'funnels.window_seconds') }} as closes_at,
        coalesce(opening_runs.last_step, 1) as last_1
    from step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    left join opening_runs
        on step_events.funnel_id = opening_runs.funnel_id
        and step_events.user_id = opening_runs.user_id
        and step_events.thread_id = opening_runs.thread_id
        and step_events.event_rank = opening_runs.opening_rank
    where
        (funnels.from_at is null or step_events.occurred_at >= funnels.from_at)
        and (funnels.to_at is null or step_events.occurred_at <= funnels.to_at)

),

{# A condition on the left side alone would cost the hash join: it is part of a key. #}
{% for step in steps -%}
{%- set before = 'reached_' ~ (step - 1) -%}
reached_{{ step }} as (

    select
        {{ before }}.*,
        case
            when {{ before }}.last_{{ step - 1 }} >= {{ step }}
                then {{ before }}.step_{{ step - 1 }}_at
            when links.next_occurred_at <= {{ before }}.closes_at
                then links.next_occurred_at
        end as step_{{ step }}_at,
        coalesce(links.next_last_step, {{ before }}.last_{{ step - 1 }})
            as last_{{ step }}
    from {{ before }}
    left join links
        on links.step_number = {{ step - 1 }}
        and {{ before }}.funnel_id = links.funnel_id
        and {{ before }}.user_id = links.user_id
        and {{ before }}.thread_id = links.thread_id
        and case
            when {{ before }}.last_{{ step - 1 }} < {{ step }}
                then {{ before }}.step_{{ step - 1 }}_at
        end = links.occurred_at

),

{% endfor -%}
chains as (

    select
        funnel_id,
        user_id,
        thread_id,
        thread_breakdown_value,
        cast(
            1
            {%- for step in steps %}
            + case when step_{{ step }}_at is null then 0 else 1 end
            {%- endfor %}
            as integer
        ) as reached_step,
        step_1_rank,
        step_1_at,
        {% for step in steps -%}
        step_{{ step }}_at,
        {% endfor -%}
        closes_at
    from reached_{{ var('funnel_max_steps') }}

)

select * from chains
