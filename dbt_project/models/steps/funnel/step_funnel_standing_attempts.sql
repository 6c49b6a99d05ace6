-- A table, because a model in Python reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='replace_all',
    on_schema_change='fail',
) }}
{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
{%- set step_columns = [] -%}
{%- for step in steps %}{% do step_columns.append('step_' ~ step ~ '_at') %}{% endfor -%}
{%- set same_for_both = [
    'funnel_id', 'breakdown_value', 'attempt_number', 'reached_step', 'required_step_count',
    'step_count', 'is_breakdown_thread', 'closes_at', 'void_at',
] + step_columns -%}
with

-- Opened before the cut-off of an expiry, as they were.
archived as (

    select
        archived.{{ same_for_both | join(',\n        archived.') }},
        users.user_number
    from (
        {{ archived_rows('arc_funnel_attempts', same_for_both) | indent(8) }}
    ) as archived
    {{ join_recomputed('funnel', 'archived', 'step_1_at') }}
    inner join {{ ref('dim_user_numbers') }} as users on archived.user_id = users.user_id

),

standing as (

    select
        {{ same_for_both | join(',\n        ') }},
        user_number,
        cast(null as {{ dbt.type_string() }}) as thread_id,
        {{ local_date('step_1_at') }} as entry_date,
        {{ step_time('archived', 'reached_step') }} as furthest_at
    from archived
    {% if is_incremental() %}
    -- Opened before what is computed anew.
    union all

    select
        kept.{{ same_for_both | join(',\n        kept.') }},
        kept.user_number,
        kept.thread_id,
        kept.entry_date,
        kept.furthest_at
    from {{ rows_before('facts', 'fct_funnel_opened_attempts') }} as kept
    {{ join_kept('funnel', 'kept', 'entered_at') }}
    {%- endif %}

)

select
    funnel_id,
    user_number,
    thread_id,
    attempt_number,
    breakdown_value,
    reached_step,
    required_step_count,
    step_count,
    is_breakdown_thread,
    entry_date,
    furthest_at,
    closes_at,
    void_at,
    {{ step_columns | join(',\n    ') }}
from standing
