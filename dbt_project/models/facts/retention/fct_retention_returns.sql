-- A view: whether a period has closed is another answer each day, and the returns are not.
{{ config(materialized='view') }}
with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

member_returns as (

    select
        retention_id,
        user_id,
        granularity,
        window_mode,
        breakdown_value,
        period_index,
        period_number,
        last_period,
        returned_value_sum,
        same_value_returned_sum,
        is_same_period_return,
        is_same_period_return_with_same_value,
        has_same_value,
        cohort_start_date,
        cohort_start_at,
        cohort_event_at
    from {{ ref('fct_retention_member_returns') }}

    union all

    select
        retention_id,
        user_id,
        granularity,
        window_mode,
        null as breakdown_value,
        period_index,
        period_number,
        last_period,
        null as returned_value_sum,
        null as same_value_returned_sum,
        is_same_period_return,
        false as is_same_period_return_with_same_value,
        period_number = 0 as has_same_value,
        cohort_start_date,
        cohort_start_at,
        null as cohort_event_at
    from {{ ref('step_retention_day_returns') }}

)

select
    member_returns.retention_id,
    member_returns.user_id,
    member_returns.breakdown_value,
    member_returns.period_number,
    member_returns.returned_value_sum,
    member_returns.same_value_returned_sum,
    member_returns.is_same_period_return,
    member_returns.is_same_period_return_with_same_value,
    member_returns.has_same_value,
    {{ closed_period_count('member_returns') }} > member_returns.last_period as is_mature,
    member_returns.cohort_start_date,
    member_returns.cohort_start_at
from member_returns
cross join horizon
