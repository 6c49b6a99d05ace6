{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['funnel_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'funnel_period', 'from': 'period_start_date'}},
) }}
{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
with

best as (

    select * from {{ ref('step_funnel_best_attempts') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

-- Counted by users, a user is an entrant; by attempts, each attempt. Attempts within one value
-- (breakdown `all`) are numbered by themselves.
best_of_grains as (

    select
        best.funnel_id,
        best.grain,
        best.part_value,
        attempts.user_id,
        best.attempt_number,
        case
            when funnels.count_by = 'users' then ''
            else cast(best.attempt_number as {{ dbt.type_string() }})
            || case when best.is_breakdown_thread then ' ' || best.part_value else '' end
        end as entrant_id,
        attempts.reached_step,
        attempts.required_step_count,
        attempts.step_count,
        attempts.is_void,
        attempts.is_ignored,
        best.period_start_date,
        attempts.entered_at,
        best.matures_at,
        {% for step in steps -%}
        attempts.step_{{ step }}_at{{ ',' if not loop.last }}
        {% endfor %}
    from best
    inner join {{ ref('fct_funnel_opened_attempts') }} as attempts
        on best.user_number = attempts.user_number
        and best.attempt_number = attempts.attempt_number
        and best.funnel_id = attempts.funnel_id
        and best.is_breakdown_thread = attempts.is_breakdown_thread
        and (not best.is_breakdown_thread or best.part_value = attempts.breakdown_value)
    inner join funnels on best.funnel_id = funnels.funnel_id

),

-- A month of which days alone are computed anew is not: it stays.
periods as (

    select of_all.*
    from best_of_grains as of_all
    {{ join_recomputed('funnel_period', 'of_all', 'period_start_date') }}
    where of_all.grain <> 'all'

),

{% if is_incremental() -%}
-- The best of all is the best of the months, those that stay too.
months as (

    select *
    from periods
    where grain = 'month'

    union all

    select kept.*
    from {{ this }} as kept
    {{ join_kept('funnel_period', 'kept', 'period_start_date') }}
    where kept.grain = 'month'

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

{% endif -%}
of_all_grains as (

    select * from periods

    union all

    {% if is_incremental() -%}
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
    {%- else -%}
    select *
    from best_of_grains
    where grain = 'all'
    {%- endif %}

)

select * from of_all_grains
