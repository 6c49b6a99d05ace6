{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set last_step = funnel_step_count('links') -%}
{%- set steps = range(2, last_step + 1) -%}
with

step_events as (

    select * from {{ ref('fct_funnel_step_events') }} where step_number = 1

),

{% for step in steps -%}
step_{{ step }}_events as (

    select
        funnel_id,
        user_id,
        thread_id,
        occurred_at
    from {{ ref('fct_funnel_step_events') }}
    where step_number = {{ step }}

),

{% endfor -%}
runs as (

    select * from {{ ref('fct_funnel_instant_runs') }} where opening_rank is null

),

opening_runs as (

    select * from {{ ref('fct_funnel_instant_runs') }} where opening_rank is not null

),

funnels as (

    select * from {{ ref('dim_funnels') }} where search = 'links'

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

-- The next step's instant is strictly later; what one instant serves together is a run, and
-- needs no look.
{% for step in steps -%}
{%- set before = 'reached_' ~ (step - 1) -%}
{%- set looks_from -%}
case when {{ before }}.last_{{ step - 1 }} < {{ step }} then {{ before }}.step_{{ step - 1 }}_at end
{%- endset -%}
{%- set found = 'step_' ~ step ~ '_events' -%}
reached_{{ step }} as (

    select
        {{ before }}.*,
        case
            when {{ before }}.last_{{ step - 1 }} >= {{ step }}
                then {{ before }}.step_{{ step - 1 }}_at
            when {{ found }}.occurred_at <= {{ before }}.closes_at
                then {{ found }}.occurred_at
        end as step_{{ step }}_at,
        coalesce(
            runs.last_step,
            case when {{ found }}.occurred_at is not null then {{ step }} end,
            {{ before }}.last_{{ step - 1 }}
        ) as last_{{ step }}
    from {{ before }}
    {{ join_first_after(
        before, found, ['funnel_id', 'user_id', 'thread_id'], looks_from, 'occurred_at'
    ) }}
    left join runs
        on {{ before }}.funnel_id = runs.funnel_id
        and {{ before }}.user_id = runs.user_id
        and {{ before }}.thread_id = runs.thread_id
        and {{ found }}.occurred_at = runs.occurred_at
        and runs.step_number = {{ step }}

),

{% endfor -%}
-- The event whose value a breakdown by step takes: for a later step the first one of the
-- step's instant that is not the opening one.
value_steps as (

    {# A loop, because the step that is asked for is one of many columns. #}
    select
        reached.funnel_id,
        reached.user_id,
        reached.thread_id,
        reached.step_1_rank,
        case funnels.breakdown_attribution
            {%- for step in steps %}
            when 'step_{{ step }}' then {{ step }}
            {%- endfor %}
        end as value_step,
        case funnels.breakdown_attribution
            {%- for step in steps %}
            when 'step_{{ step }}' then reached.step_{{ step }}_at
            {%- endfor %}
        end as value_at
    from reached_{{ last_step }} as reached
    inner join funnels on reached.funnel_id = funnels.funnel_id
    where
        funnels.breakdown is not null
        and funnels.breakdown_attribution like 'step_%'
        and funnels.breakdown_attribution <> 'step_1'

),

value_events as (

    select
        value_steps.funnel_id,
        value_steps.user_id,
        value_steps.thread_id,
        value_steps.step_1_rank,
        min(serving.event_rank) as value_rank
    from value_steps
    inner join {{ ref('fct_funnel_step_events') }} as serving
        on value_steps.funnel_id = serving.funnel_id
        and value_steps.user_id = serving.user_id
        and value_steps.thread_id = serving.thread_id
        and value_steps.value_step = serving.step_number
        and value_steps.value_at = serving.occurred_at
        and value_steps.step_1_rank <> serving.event_rank
    group by
        value_steps.funnel_id, value_steps.user_id, value_steps.thread_id,
        value_steps.step_1_rank

),

chains as (

    select
        reached.funnel_id,
        reached.user_id,
        reached.thread_id,
        reached.thread_breakdown_value,
        cast(
            1
            {%- for step in steps %}
            + case when reached.step_{{ step }}_at is null then 0 else 1 end
            {%- endfor %}
            as integer
        ) as step_count,
        reached.step_1_rank,
        value_events.value_rank,
        reached.step_1_at,
        {% for step in steps -%}
        reached.step_{{ step }}_at,
        {% endfor -%}
        reached.closes_at
    from reached_{{ last_step }} as reached
    left join value_events
        on reached.funnel_id = value_events.funnel_id
        and reached.user_id = value_events.user_id
        and reached.thread_id = value_events.thread_id
        and reached.step_1_rank = value_events.step_1_rank

)

select * from chains
