{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['funnel_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'funnel', 'from': 'entered_at'}},
) }}
{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, funnel_step_count() + 1) -%}
{%- set every_step = range(1, var('funnel_max_steps') + 1) -%}
{%- set archived_steps = [] -%}
{%- for step in steps %}{% do archived_steps.append('step_' ~ step ~ '_at') %}{% endfor -%}
with

chains as (

    select * from {{ ref('step_funnel_chains') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

-- Counted by attempts, what begins inside an open attempt opens none.
opened as (

    select
        chains.*,
        {% if funnels_ask('exclusions') -%}
        voids.void_at,
        voids.void_at is not null and funnels.when_void = 'ignore' as is_ignored,
        {%- else -%}
        cast(null as timestamp) as void_at,
        false as is_ignored,
        {%- endif %}
        funnels.breakdown,
        funnels.breakdown_attribution,
        case
            when funnels.breakdown is null then null
            when funnels.breakdown_attribution = 'step_1' then chains.step_1_rank
            else chains.value_rank
        end as value_event_rank
    from chains
    inner join funnels on chains.funnel_id = funnels.funnel_id
    {%- if funnels_ask('exclusions') %}
    left join {{ ref('step_funnel_voids') }} as voids
        on chains.funnel_id = voids.funnel_id
        and chains.user_id = voids.user_id
        and chains.thread_id = voids.thread_id
        and chains.step_1_rank = voids.step_1_rank
    {%- endif %}
    {%- if funnels_ask('attempts') %}
    left join {{ ref('step_funnel_openings') }} as openings
        on chains.funnel_id = openings.funnel_id
        and chains.user_id = openings.user_id
        and chains.thread_id = openings.thread_id
        and chains.step_1_rank = openings.step_1_rank
    where funnels.count_by = 'users' or openings.step_1_rank is not null
    {%- endif %}

),

{% if funnels_ask('step_values') -%}
-- An event may serve several steps; its value is one.
event_values as (

    select distinct
        step_events.funnel_id,
        step_events.user_id,
        step_events.thread_id,
        step_events.event_rank,
        step_events.breakdown_value
    from {{ ref('step_funnel_named_step_events') }} as step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    where
        step_events.step_number is not null
        and funnels.breakdown is not null
        and funnels.breakdown_attribution like 'step_%'

),

{% endif -%}
valued as (

    select
        opened.*,
        case
            when opened.breakdown is null then null
            when opened.breakdown_attribution = 'all' then opened.thread_breakdown_value
            {%- if funnels_ask('user_values') %}
            when opened.breakdown_attribution in ('first', 'last')
                then user_values.breakdown_value
            {%- endif %}
            {%- if funnels_ask('step_values') %}
            else event_values.breakdown_value
            {%- endif %}
        end as breakdown_value
    from opened
    {%- if funnels_ask('user_values') %}
    left join {{ ref('step_funnel_user_values') }} as user_values
        on opened.funnel_id = user_values.funnel_id
        and opened.user_id = user_values.user_id
    {%- endif %}
    {%- if funnels_ask('step_values') %}
    left join event_values
        on opened.funnel_id = event_values.funnel_id
        and opened.user_id = event_values.user_id
        and opened.thread_id = event_values.thread_id
        and opened.value_event_rank = event_values.event_rank
    {%- endif %}

),

-- Attempts that were opened before the cut-off of an expiry, as they were; a first or last
-- value is the user's of today.
archived as (

    {{ archived_rows('arc_funnel_attempts', [
        'funnel_id', 'breakdown_value', 'attempt_number', 'reached_step', 'required_step_count',
        'step_count', 'is_breakdown_thread', 'is_ignored', 'closes_at', 'void_at',
    ] + archived_steps) }}

),

with_archived as (

    select
        funnel_id,
        user_id,
        thread_id,
        thread_breakdown_value,
        step_1_rank,
        breakdown_value,
        reached_step,
        required_count,
        step_count,
        is_ignored,
        closes_at,
        void_at,
        {% for step in steps -%}
        step_{{ step }}_at{{ ',' if not loop.last }}
        {% endfor %}
    from valued

    union all

    select
        archived.funnel_id,
        archived.user_id,
        cast(null as {{ dbt.type_string() }}) as thread_id,
        case when archived.is_breakdown_thread then archived.breakdown_value end
            as thread_breakdown_value,
        archived.attempt_number as step_1_rank,
        {% if funnels_ask('user_values') -%}
        coalesce(user_values.breakdown_value, archived.breakdown_value) as breakdown_value,
        {%- else -%}
        archived.breakdown_value,
        {%- endif %}
        archived.reached_step,
        archived.required_step_count as required_count,
        archived.step_count,
        archived.is_ignored,
        archived.closes_at,
        archived.void_at,
        {% for step in steps -%}
        archived.step_{{ step }}_at{{ ',' if not loop.last }}
        {% endfor %}
    from archived
    {{ join_recomputed('funnel', 'archived', 'step_1_at') }}
    {%- if funnels_ask('user_values') %}
    left join {{ ref('step_funnel_user_values') }} as user_values
        on archived.funnel_id = user_values.funnel_id
        and archived.user_id = user_values.user_id
    {%- endif %}

),

{% if is_incremental() -%}
-- Attempts that stay keep their numbers, and stand before all others.
kept_numbers as (

    select
        kept.funnel_id,
        kept.user_id,
        case when kept.is_breakdown_thread then kept.breakdown_value end
            as thread_breakdown_value,
        max(kept.attempt_number) as attempt_count
    from {{ this }} as kept
    {{ join_kept('funnel', 'kept', 'entered_at') }}
    group by
        kept.funnel_id, kept.user_id,
        case when kept.is_breakdown_thread then kept.breakdown_value end

),

{% endif -%}
numbered as (

    select
        valued.funnel_id,
        valued.user_id,
        valued.thread_id,
        cast(
            row_number() over (
                partition by valued.funnel_id, valued.user_id, valued.thread_breakdown_value
                order by valued.step_1_at, valued.thread_id, valued.step_1_rank
            ){{ ' + coalesce(kept_numbers.attempt_count, 0)' if is_incremental() }} as integer
        ) as attempt_number,
        valued.breakdown_value,
        cast(valued.reached_step as integer) as reached_step,
        cast(valued.required_count as integer) as required_step_count,
        cast(valued.step_count as integer) as step_count,
        valued.thread_breakdown_value is not null as is_breakdown_thread,
        valued.void_at is not null as is_void,
        valued.is_ignored,
        valued.step_1_at as entered_at,
        {{ step_time('valued', 'valued.reached_step') }} as furthest_at,
        valued.closes_at,
        valued.void_at,
        {% for step in every_step -%}
        {{ 'valued.step_' ~ step ~ '_at' if step in steps else 'cast(null as timestamp)' }}
            as step_{{ step }}_at{{ ',' if not loop.last }}
        {% endfor %}
    from with_archived as valued
    {%- if is_incremental() %}
    left join kept_numbers
        on valued.funnel_id = kept_numbers.funnel_id
        and valued.user_id = kept_numbers.user_id
        and valued.thread_breakdown_value is not distinct from kept_numbers.thread_breakdown_value
    {%- endif %}

)

select * from numbered
