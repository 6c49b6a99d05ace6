-- A view: whether a window has closed is another answer each day, and the attempts are not.
{{ config(materialized='view') }}
{# A loop over the steps that a funnel may have: the time of each is a column. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
with

opened_attempts as (

    select * from {{ ref('fct_funnel_opened_attempts') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

)

select
    opened_attempts.funnel_id,
    opened_attempts.user_id,
    opened_attempts.attempt_number,
    opened_attempts.breakdown_value,
    opened_attempts.reached_step,
    opened_attempts.required_step_count,
    opened_attempts.step_count,
    opened_attempts.is_breakdown_thread,
    opened_attempts.is_void,
    opened_attempts.is_ignored,
    coalesce(opened_attempts.closes_at <= horizon.data_through_at, false) as is_mature,
    opened_attempts.entered_at,
    opened_attempts.furthest_at,
    opened_attempts.closes_at,
    opened_attempts.void_at,
    {% for step in steps -%}
    opened_attempts.step_{{ step }}_at{{ ',' if not loop.last }}
    {% endfor %}
from opened_attempts
cross join horizon
