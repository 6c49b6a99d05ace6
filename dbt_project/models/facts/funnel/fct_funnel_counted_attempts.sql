{{ config(materialized='view') }}
{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
{#- Named by its text, because a CTE that is read twice is kept as a whole. -#}
{%- set shown -%}
select
    best_attempts.*,
    breakdown_values.shown_value as breakdown_value
from {{ ref('fct_funnel_best_attempts') }} as best_attempts
left join {{ ref('fct_funnel_breakdown_values') }} as breakdown_values
    on best_attempts.funnel_id = breakdown_values.funnel_id
    and best_attempts.part_value = breakdown_values.breakdown_value
{%- endset -%}
with

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- Beyond the limit several values of an entrant are one: the best of them counts.
others as (

    select
        shown.*,
        row_number() over (
            partition by funnel_id, grain, period_start_date, user_id, entrant_id
            order by
                is_ignored, required_step_count desc, step_count desc, is_void, entered_at,
                part_value, attempt_number
        ) as depth_rank,
        max(matures_at) over (
            partition by funnel_id, grain, period_start_date, user_id, entrant_id
        ) as all_mature_at
    from (
        {{ shown | indent(8) }}
    ) as shown
    where breakdown_value = 'Other'

),

{% set columns -%}
    funnel_id,
    grain,
    breakdown_value,
    user_id,
    attempt_number,
    entrant_id,
    reached_step,
    period_start_date,
    entered_at,
    {% for step in steps -%}
    step_{{ step }}_at,
    {% endfor -%}
    is_void
{%- endset -%}

counted as (

    select
        {{ columns }},
        matures_at
    from (
        {{ shown | indent(8) }}
    ) as shown
    where breakdown_value is null or breakdown_value <> 'Other'

    union all

    select
        {{ columns }},
        all_mature_at as matures_at
    from others
    where depth_rank = 1

)

-- Who has only void ones among the furthest leaves the period.
select
    counted.funnel_id,
    counted.grain,
    counted.breakdown_value,
    counted.user_id,
    counted.attempt_number,
    counted.entrant_id,
    counted.reached_step,
    coalesce(counted.matures_at <= horizon.data_through_at, false) as is_mature,
    counted.period_start_date,
    counted.entered_at,
    {% for step in steps -%}
    counted.step_{{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
from counted
cross join horizon
where not counted.is_void
