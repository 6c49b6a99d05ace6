{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set last_step = funnel_step_count('links') -%}
{%- set steps = range(2, last_step + 1) -%}
with

step_events as (

    select * from {{ ref('step_funnel_step_events') }} where step_number = 1

),

{% for step in steps -%}
step_{{ step }}_events as (

    select
        stream_id,
        occurred_at
    from {{ ref('step_funnel_step_events') }}
    where step_number = {{ step }}

),

{% endfor -%}
runs as (

    select * from {{ ref('step_funnel_instant_runs') }} where opening_rank is null

),

opening_runs as (

    select * from {{ ref('step_funnel_instant_runs') }} where opening_rank is not null

),

funnels as (

    select * from {{ ref('dim_funnels') }} where search = 'links'

),

-- Others of the opening event's instant may serve the steps up to `last_1`.
reached_1 as (

    select
        funnels.row_number as funnel_number,
        step_events.user_number,
        step_events.stream_id,
        step_events.event_rank as step_1_rank,
        step_events.occurred_at as step_1_at,
        {{ add_seconds('step_events.occurred_at', 'funnels.window_seconds') }} as closes_at,
        coalesce(opening_runs.last_step, 1) as last_1
    from step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    left join opening_runs
        on step_events.stream_id = opening_runs.stream_id
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
        before, found, ['stream_id'], looks_from, 'occurred_at'
    ) }}
    left join runs
        on {{ before }}.stream_id = runs.stream_id
        and {{ found }}.occurred_at = runs.occurred_at
        and runs.step_number = {{ step }}

),

{% endfor -%}
{% if funnels_ask('step_values') -%}
-- The event whose value a breakdown by step takes: for a later step the first one of the
-- step's instant that is not the opening one.
value_steps as (

    {# A loop, because the step that is asked for is one of many columns. #}
    select
        reached.stream_id,
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
    inner join funnels on reached.funnel_number = funnels.row_number
    where
        funnels.breakdown is not null
        and funnels.breakdown_attribution like 'step_%'
        and funnels.breakdown_attribution <> 'step_1'

),

value_events as (

    select
        value_steps.stream_id,
        value_steps.step_1_rank,
        min(serving.event_rank) as value_rank
    from value_steps
    inner join {{ ref('step_funnel_step_events') }} as serving
        on value_steps.stream_id = serving.stream_id
        and value_steps.value_step = serving.step_number
        and value_steps.value_at = serving.occurred_at
        and value_steps.step_1_rank <> serving.event_rank
    group by value_steps.stream_id, value_steps.step_1_rank

),

{% endif -%}
chains as (

    select
        funnels.funnel_id,
        users.user_id,
        coalesce(threads.thread_id, '') as thread_id,
        threads.thread_breakdown_value,
        cast(
            1
            {%- for step in steps %}
            + case when reached.step_{{ step }}_at is null then 0 else 1 end
            {%- endfor %}
            as integer
        ) as step_count,
        reached.step_1_rank,
        {{ 'value_events.value_rank' if funnels_ask('step_values') else 'cast(null as bigint)' }}
            as value_rank,
        reached.step_1_at,
        {% for step in steps -%}
        reached.step_{{ step }}_at,
        {% endfor -%}
        reached.closes_at
    from reached_{{ last_step }} as reached
    inner join funnels on reached.funnel_number = funnels.row_number
    inner join {{ ref('step_funnel_users') }} as users on reached.user_number = users.user_number
    left join {{ ref('step_funnel_threads') }} as threads on reached.stream_id = threads.stream_id
    {%- if funnels_ask('step_values') %}
    left join value_events
        on reached.stream_id = value_events.stream_id
        and reached.step_1_rank = value_events.step_1_rank
    {%- endif %}

)

select * from chains
