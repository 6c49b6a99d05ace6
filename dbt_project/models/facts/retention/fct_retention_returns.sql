-- A view: whether a period has closed is another answer each day, and the returns are not.
{{ config(materialized='view') }}
with

member_returns as (

    select * from {{ ref('fct_retention_member_returns') }}

),

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

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
