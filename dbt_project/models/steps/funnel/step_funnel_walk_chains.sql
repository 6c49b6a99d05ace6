{# A loop over the steps that a funnel may have: the time and the event of each are columns. #}
{%- set last_step = funnel_step_count('walks') -%}
{%- set steps = range(2, last_step + 1) -%}
{%- set best_first -%}
    required_count desc, step_count desc
    {%- for step in steps %}, step_{{ step }}_at nulls last{% endfor %}
    {%- for step in steps %}, step_{{ step }}_rank nulls last{% endfor %}
{%- endset -%}
with

funnels as (

    select * from {{ ref('dim_funnels') }} where search = 'walks'

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

positions as (

    select * from {{ ref('step_funnel_stream_positions') }}

),

-- In a strict funnel an event has a place that the walk must not jump over; in another 0.
step_events as (

    select
        step_events.funnel_id,
        step_events.user_id,
        step_events.thread_id,
        step_events.thread_breakdown_value,
        step_events.step_number,
        step_events.event_rank,
        coalesce(positions.stream_position, 0) as place,
        case
            when funnels.order_mode = 'strict' then positions.stream_position + 1
            else 0
        end as next_place,
        step_events.occurred_at
    from {{ ref('step_funnel_named_step_events') }} as step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    left join positions
        on step_events.funnel_id = positions.funnel_id
        and step_events.user_id = positions.user_id
        and step_events.source_id = positions.source_id
        and step_events.event_id = positions.event_id
        and step_events.thread_breakdown_value
        is not distinct from positions.thread_breakdown_value
    where step_events.step_number is not null

),

-- A state is a walk up to some event: `anchor_at` is the last required step's time, from
-- which limits count; `instant_ranks` the events of the last instant, each to be used once.
reached_1 as (

    select
        step_events.funnel_id,
        step_events.user_id,
        step_events.thread_id,
        step_events.thread_breakdown_value,
        funnels.ties,
        funnels.order_mode = 'ordered' and not funnels.has_max_seconds as is_earliest_best,
        1 as required_count,
        1 as step_count,
        step_events.event_rank as step_1_rank,
        {% for step in steps -%}
        cast(null as bigint) as step_{{ step }}_rank,
        {% endfor -%}
        ',' || cast(step_events.event_rank as {{ dbt.type_string() }}) || ',' as instant_ranks,
        step_events.next_place,
        step_events.occurred_at as step_1_at,
        {% for step in steps -%}
        cast(null as timestamp) as step_{{ step }}_at,
        {% endfor -%}
        step_events.occurred_at as anchor_at,
        step_events.occurred_at as last_at,
        {{ add_seconds('step_events.occurred_at', 'funnels.window_seconds') }} as closes_at
    from step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    where
        step_events.step_number = 1
        and (funnels.from_at is null or step_events.occurred_at >= funnels.from_at)
        and (funnels.to_at is null or step_events.occurred_at <= funnels.to_at)

),

{% for number in steps -%}
{%- set before = 'live_' ~ (number - 1) if number > 2 else 'reached_1' -%}
walked_{{ number }} as (

    select
        states.funnel_id,
        states.user_id,
        states.thread_id,
        states.thread_breakdown_value,
        states.ties,
        states.is_earliest_best,
        states.required_count + case when steps.is_optional then 0 else 1 end
            as required_count,
        states.step_count + 1 as step_count,
        states.step_1_rank,
        {% for step in steps -%}
        {{ 'step_events.event_rank as' if step == number else 'states.' -}}
        {{ ' ' if step == number }}step_{{ step }}_rank,
        {% endfor -%}
        case
            when step_events.occurred_at = states.last_at then states.instant_ranks
            else ','
        end
        || cast(step_events.event_rank as {{ dbt.type_string() }}) || ',' as instant_ranks,
        step_events.next_place,
        states.step_1_at,
        {% for step in steps -%}
        {{ 'step_events.occurred_at as' if step == number else 'states.' -}}
        {{ ' ' if step == number }}step_{{ step }}_at,
        {% endfor -%}
        case when steps.is_optional then states.anchor_at else step_events.occurred_at end
            as anchor_at,
        step_events.occurred_at as last_at,
        states.closes_at,
        steps.is_optional
    from {{ before }} as states
    inner join steps
        on states.funnel_id = steps.funnel_id
        and steps.step_number = {{ number }}
    inner join step_events
        on step_events.step_number = {{ number }}
        and states.funnel_id = step_events.funnel_id
        and states.user_id = step_events.user_id
        and states.thread_id = step_events.thread_id
        and states.next_place = step_events.place
        and states.last_at <= step_events.occurred_at
        and states.closes_at >= step_events.occurred_at
    where
        (
            states.last_at < step_events.occurred_at
            or (
                states.ties = 'together'
                and {{ dbt.position(
                    "',' || cast(step_events.event_rank as " ~ dbt.type_string() ~ ") || ','",
                    'states.instant_ranks'
                ) }} = 0
            )
        )
        and (
            steps.min_seconds is null
            or step_events.occurred_at
            >= {{ add_seconds('states.anchor_at', 'steps.min_seconds') }}
        )
        and (
            steps.max_seconds is null
            or step_events.occurred_at
            <= {{ add_seconds('states.anchor_at', 'steps.max_seconds') }}
        )

),

-- Walks that can go on alike: the best of them stands for all.
distinct_{{ number }} as (

    select
        walked.*,
        row_number() over (
            partition by
                funnel_id, user_id, thread_id, step_1_rank, step_{{ number }}_rank,
                anchor_at, instant_ranks
            order by {{ best_first }}
        ) as state_rank
    from walked_{{ number }} as walked

),

-- Without longest times, a walk that is behind in time and in choice can be left.
kept_{{ number }} as (

    select
        walked.*,
        min(last_at) over (
            partition by funnel_id, user_id, thread_id, step_1_rank, step_count
            order by {{ best_first }}
            rows between unbounded preceding and 1 preceding
        ) as earlier_at
    from distinct_{{ number }} as walked
    where state_rank = 1

),

{% set columns -%}
    funnel_id, user_id, thread_id, thread_breakdown_value, ties, is_earliest_best,
    required_count, step_count, step_1_rank,
    {%- for step in steps %} step_{{ step }}_rank,{% endfor %}
    instant_ranks, next_place, step_1_at,
    {%- for step in steps %} step_{{ step }}_at,{% endfor %}
    anchor_at, last_at, closes_at
{%- endset -%}
reached_{{ number }} as (

    select {{ columns }}
    from kept_{{ number }}
    where
        not is_earliest_best
        or is_optional
        or earlier_at is null
        or last_at <= earlier_at

),

-- An optional step may be left out.
live_{{ number }} as (

    select {{ columns }}
    from reached_{{ number }}

    union all

    select states.*
    from {{ before }} as states
    inner join steps
        on states.funnel_id = steps.funnel_id
        and steps.step_number = {{ number }}
    where steps.is_optional

),

{% endfor -%}
ended as (

    {% for step in range(1, last_step + 1) -%}
    select * from reached_{{ step }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

ranked as (

    select
        ended.*,
        row_number() over (
            partition by funnel_id, user_id, thread_id, step_1_rank
            order by {{ best_first }}
        ) as walk_rank
    from ended

)

select
    ranked.funnel_id,
    ranked.user_id,
    ranked.thread_id,
    ranked.thread_breakdown_value,
    ranked.required_count,
    ranked.step_count,
    ranked.step_1_rank,
    case funnels.breakdown_attribution
        {%- for step in steps %}
        when 'step_{{ step }}' then ranked.step_{{ step }}_rank
        {%- endfor %}
    end as value_rank,
    ranked.step_1_at,
    {% for step in steps -%}
    ranked.step_{{ step }}_at,
    {% endfor -%}
    ranked.closes_at
from ranked
inner join funnels on ranked.funnel_id = funnels.funnel_id
where ranked.walk_rank = 1
