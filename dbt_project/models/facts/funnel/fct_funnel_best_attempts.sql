{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['funnel_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'funnel_period', 'from': 'period_start_date'}},
) }}
{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
{# The best of a period is the best of its days' best; so each grain reads few rows. #}
{%- set grains = {
    'day': {'period': 'entry_date', 'from': 'ordered'},
    'week': {'period': week_start('entry_date'), 'from': 'best_of_day'},
    'month': {'period': month_start('entry_date'), 'from': 'best_of_day'},
} -%}
with

entries as (

    select of_all.*
    from {{ ref('step_funnel_entries') }} as of_all
    {{ join_recomputed('funnel_period', 'of_all', 'entry_date') }}

),

dated_attempts as (

    select
        opened.*,
        {{ local_date('opened.entered_at') }} as entry_date
    from {{ ref('fct_funnel_opened_attempts') }} as opened

),

attempts as (

    select of_all.*
    from dated_attempts as of_all
    {{ join_recomputed('funnel_period', 'of_all', 'entry_date') }}

),

-- The attempt that got furthest, then the earliest; a void one only where all of the
-- furthest are.
ordered as (

    select
        funnel_id,
        user_id,
        entrant_id,
        part_value,
        is_breakdown_thread,
        entry_date,
        closes_at as matures_at,
        {{ attempt_counting_order() }} as counting_order
    from entries

),

{% for grain, source in grains.items() -%}
best_of_{{ grain }} as (

    select
        funnel_id,
        user_id,
        entrant_id,
        part_value,
        is_breakdown_thread,
        min(counting_order) as counting_order,
        {{ source['period'] }} as entry_date,
        max(matures_at) as matures_at
    from {{ source['from'] }}
    group by
        funnel_id, user_id, entrant_id, part_value, is_breakdown_thread, {{ source['period'] }}

),

{% endfor -%}
best as (

    {% for grain in grains -%}
    select
        '{{ grain }}' as grain,
        best_of_{{ grain }}.*
    from best_of_{{ grain }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

best_of_periods as (

    select
        best.funnel_id,
        best.grain,
        best.part_value,
        best.user_id,
        attempts.attempt_number,
        best.entrant_id,
        attempts.reached_step,
        attempts.required_step_count,
        attempts.step_count,
        attempts.is_void,
        attempts.is_ignored,
        best.entry_date as period_start_date,
        attempts.entered_at,
        best.matures_at,
        {% for step in steps -%}
        attempts.step_{{ step }}_at{{ ',' if not loop.last }}
        {% endfor %}
    from best
    inner join attempts
        on best.funnel_id = attempts.funnel_id
        and best.user_id = attempts.user_id
        and best.counting_order = {{ attempt_counting_order('attempts') }}
        and best.is_breakdown_thread = attempts.is_breakdown_thread
        and (not best.is_breakdown_thread or best.part_value = attempts.breakdown_value)

),

-- A month of which days alone are computed anew is not: it stays.
periods as (

    select of_all.*
    from best_of_periods as of_all
    {{ join_recomputed('funnel_period', 'of_all', 'period_start_date') }}

),

months as (

    select *
    from periods
    where grain = 'month'
    {%- if is_incremental() %}

    union all

    select kept.*
    from {{ this }} as kept
    {{ join_kept('funnel_period', 'kept', 'period_start_date') }}
    where kept.grain = 'month'
    {%- endif %}

),

ranked_months as (

    select
        months.*,
        max(matures_at) over (
            partition by funnel_id, part_value, user_id, entrant_id
        ) as all_mature_at,
        row_number() over (
            partition by funnel_id, part_value, user_id, entrant_id
            order by {{ attempt_counting_order() }}
        ) as month_rank
    from months

),

of_all_grains as (

    select * from periods

    union all

    select
        funnel_id,
        'all' as grain,
        part_value,
        user_id,
        attempt_number,
        entrant_id,
        reached_step,
        required_step_count,
        step_count,
        is_void,
        is_ignored,
        cast(null as date) as period_start_date,
        entered_at,
        all_mature_at as matures_at,
        {% for step in steps -%}
        step_{{ step }}_at{{ ',' if not loop.last }}
        {% endfor %}
    from ranked_months
    where month_rank = 1

)

select * from of_all_grains
