{# A loop over the steps that a funnel may have: the event that serves each is a column. #}
{%- set steps = range(2, var('funnel_max_steps') + 1) -%}
with

step_events as (

    select * from {{ ref('fct_funnel_step_events') }} where step_number = 1

),

links as (

    select * from {{ ref('fct_funnel_step_links') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

opened as (

    select
        step_events.funnel_id,
        step_events.user_id,
        step_events.thread_id,
        step_events.thread_breakdown_value,
        step_events.event_rank as step_1_rank,
        step_events.occurred_at as step_1_at,
        {{ add_seconds('step_events.occurred_at', 'funnels.window_seconds') }} as closes_at
    from step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    where
        (funnels.from_at is null or step_events.occurred_at >= funnels.from_at)
        and (funnels.to_at is null or step_events.occurred_at <= funnels.to_at)

),

-- Times never fall along the links, so behind a step after the window there is none in it.
chained as (

    select
        opened.*
        {%- for step in steps %},
        case
            when links_{{ step }}.next_occurred_at <= opened.closes_at
                then links_{{ step }}.next_event_rank
        end as step_{{ step }}_rank,
        case
            when links_{{ step }}.next_occurred_at <= opened.closes_at
                then links_{{ step }}.next_occurred_at
        end as step_{{ step }}_at
        {%- endfor %}
    from opened
    {%- for step in steps %}
    left join links as links_{{ step }}
        on links_{{ step }}.step_number = {{ step - 1 }}
        and opened.funnel_id = links_{{ step }}.funnel_id
        and opened.user_id = links_{{ step }}.user_id
        and opened.thread_id = links_{{ step }}.thread_id
        and {{ 'opened.step_1_rank' if loop.first else 'links_' ~ (step - 1) ~ '.next_event_rank' }}
        = links_{{ step }}.event_rank
    {%- endfor %}

),

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
        {% for step in steps -%}
        step_{{ step }}_rank,
        {% endfor -%}
        step_1_at,
        {% for step in steps -%}
        step_{{ step }}_at,
        {% endfor -%}
        closes_at
    from chained

)

select * from chains
