{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
with

chains as (

    select * from {{ ref('fct_funnel_chains') }}

),

step_events as (

    select * from {{ ref('fct_funnel_step_events') }} where step_number is not null

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- A missing value stands behind all others, whichever end is asked for.
ordered_values as (

    select
        funnel_id,
        user_id,
        breakdown_value,
        row_number() over (
            partition by funnel_id, user_id
            order by
                {{ is_missing_value('breakdown_value') }},
                occurred_at, source_id, event_id
        ) as order_from_first,
        row_number() over (
            partition by funnel_id, user_id
            order by
                {{ is_missing_value('breakdown_value') }},
                occurred_at desc, source_id desc, event_id desc
        ) as order_from_last
    from step_events
    where thread_breakdown_value is null and breakdown_value is not null

),

user_values as (

    select
        funnel_id,
        user_id,
        min_by(breakdown_value, order_from_first) as first_value,
        min_by(breakdown_value, order_from_last) as last_value
    from ordered_values
    group by funnel_id, user_id

),

attributed as (

    select
        chains.*,
        funnels.breakdown,
        funnels.breakdown_attribution,
        case funnels.breakdown_attribution
            {%- for step in steps %}
            when 'step_{{ step }}' then {{ step }}
            {%- endfor %}
        end as value_step,
        case funnels.breakdown_attribution
            {%- for step in steps %}
            when 'step_{{ step }}' then chains.step_{{ step }}_at
            {%- endfor %}
        end as value_at
    from chains
    inner join funnels on chains.funnel_id = funnels.funnel_id

),

-- Events of one instant that serve a step, in order.
step_values as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_number,
        event_rank,
        breakdown_value,
        occurred_at,
        row_number() over (
            partition by funnel_id, user_id, thread_id, step_number, occurred_at
            order by event_rank
        ) as place_in_instant
    from step_events

),

-- The value on the opening event for step 1; for a later one, on the first event of the
-- step's instant that is not the opening one.
valued as (

    select
        attributed.*,
        case
            when attributed.breakdown is null then null
            when attributed.breakdown_attribution = 'all'
                then attributed.thread_breakdown_value
            when attributed.breakdown_attribution = 'first'
                then user_values.first_value
            when attributed.breakdown_attribution = 'last'
                then user_values.last_value
            when attributed.value_step = 1 then opening_values.breakdown_value
            when first_values.event_rank = attributed.step_1_rank
                then second_values.breakdown_value
            else first_values.breakdown_value
        end as breakdown_value
    from attributed
    left join user_values
        on attributed.funnel_id = user_values.funnel_id
        and attributed.user_id = user_values.user_id
    left join step_events as opening_values
        on opening_values.step_number = 1
        and attributed.value_step = opening_values.step_number
        and attributed.funnel_id = opening_values.funnel_id
        and attributed.user_id = opening_values.user_id
        and attributed.thread_id = opening_values.thread_id
        and attributed.step_1_rank = opening_values.event_rank
    {% for place, number in {'first': 1, 'second': 2}.items() -%}
    left join step_values as {{ place }}_values
        on {{ place }}_values.place_in_instant = {{ number }}
        and attributed.funnel_id = {{ place }}_values.funnel_id
        and attributed.user_id = {{ place }}_values.user_id
        and attributed.thread_id = {{ place }}_values.thread_id
        and attributed.value_step = {{ place }}_values.step_number
        and attributed.value_at = {{ place }}_values.occurred_at
    {% endfor %}
),

numbered as (

    select
        valued.funnel_id,
        valued.user_id,
        cast(
            row_number() over (
                partition by valued.funnel_id, valued.user_id, valued.thread_breakdown_value
                order by valued.step_1_at, valued.thread_id, valued.step_1_rank
            ) as integer
        ) as attempt_number,
        valued.breakdown_value,
        valued.reached_step,
        valued.thread_breakdown_value is not null as is_breakdown_thread,
        false as is_void,
        coalesce(valued.closes_at <= horizon.data_through_at, false) as is_mature,
        valued.step_1_at as entered_at,
        valued.closes_at,
        {% for step in steps -%}
        valued.step_{{ step }}_at{{ ',' if not loop.last }}
        {% endfor %}
    from valued
    cross join horizon

)

select * from numbered
