{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['funnel_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'funnel'}},
) }}
-- What goes is asked where rows are replaced: depends_on {{ ref('int_scope') }}
{# Loops over the steps that a funnel may have, the time of each is a column; and over the grains, in
   which the same is asked. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
with

found as (

    select * from {{ ref('step_funnel_attempts') }}

),

funnels as (

    select
        *,
        breakdown is not null and breakdown_attribution in ('first', 'last') as is_by_user_value
    from {{ ref('dim_funnels') }}

),

user_values as (

    select * from {{ ref('step_funnel_user_values') }}

),

-- A first or last value is the user's of today, also of what was archived.
valued as (

    select
        found.*,
        users.user_id,
        funnels.count_by,
        coalesce(
            case when funnels.is_by_user_value then user_values.breakdown_value end,
            found.breakdown_value
        ) as shown_value,
        found.void_at is not null as is_void,
        found.void_at is not null and funnels.when_void = 'ignore' as is_ignored
    from found
    inner join {{ ref('dim_user_numbers') }} as users on found.user_number = users.user_number
    inner join funnels on found.funnel_id = funnels.funnel_id
    left join user_values
        on found.funnel_id = user_values.funnel_id
        and users.user_id = user_values.user_id

)

select
    funnel_id,
    user_number,
    user_id,
    thread_id,
    attempt_number,
    -- Attempts within one value (breakdown `all`) are numbered by themselves.
    case
        when count_by = 'users' then ''
        else cast(attempt_number as {{ dbt.type_string() }})
        || case when is_breakdown_thread then ' ' || shown_value else '' end
    end as entrant_id,
    shown_value as breakdown_value,
    reached_step,
    required_step_count,
    step_count,
    is_breakdown_thread,
    is_void,
    is_ignored,
    entry_date,
    step_1_at as entered_at,
    furthest_at,
    closes_at,
    void_at,
    {% for prefix in ['', 'value_'] -%}
    {% for grain in ['day', 'week', 'month', 'all'] -%}
    {{ prefix }}{{ grain }}_outdone_at,
    {% endfor -%}
    {% endfor -%}
    {% for step in steps -%}
    step_{{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
from valued
