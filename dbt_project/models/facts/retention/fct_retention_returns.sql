with

members as (

    select * from {{ ref('fct_retention_members') }}

),

return_periods as (

    select * from {{ ref('fct_retention_return_periods') }}

),

retentions as (

    select
        retention_id,
        min_occurrences
    from {{ ref('dim_retentions') }}

),

cells as (

    select * from {{ ref('dim_retention_cells') }}

),

covered as (

    select
        return_periods.retention_id,
        return_periods.user_id,
        return_periods.cohort_start_at,
        cells.period_number,
        cells.last_period,
        sum(return_periods.occurrence_count) as occurrence_count,
        sum(return_periods.same_value_count) as same_value_count
    from return_periods
    inner join cells
        on return_periods.retention_id = cells.retention_id
        and return_periods.period between cells.first_period and cells.last_period
    where cells.period_number > 0 and return_periods.period > 0
    group by
        return_periods.retention_id,
        return_periods.user_id,
        return_periods.cohort_start_at,
        cells.period_number,
        cells.last_period

),

-- Period 0 is the member's own, returned or not.
returns as (

    select
        members.retention_id,
        members.user_id,
        members.breakdown_value,
        cells.period_number,
        coalesce(return_periods.is_later, false) as is_same_period_return,
        coalesce(return_periods.is_later_with_same_value, false)
            as is_same_period_return_with_same_value,
        true as has_same_value,
        members.closed_period_count > cells.last_period as is_mature,
        members.cohort_start_date,
        members.cohort_start_at
    from members
    inner join cells
        on members.retention_id = cells.retention_id
        and cells.period_number = 0
    left join return_periods
        on members.retention_id = return_periods.retention_id
        and members.user_id = return_periods.user_id
        and members.cohort_start_at = return_periods.cohort_start_at
        and return_periods.period = 0

    union all

    select
        members.retention_id,
        members.user_id,
        members.breakdown_value,
        covered.period_number,
        false as is_same_period_return,
        false as is_same_period_return_with_same_value,
        covered.same_value_count >= retentions.min_occurrences as has_same_value,
        members.closed_period_count > covered.last_period as is_mature,
        members.cohort_start_date,
        members.cohort_start_at
    from covered
    inner join members
        on covered.retention_id = members.retention_id
        and covered.user_id = members.user_id
        and covered.cohort_start_at = members.cohort_start_at
    inner join retentions on covered.retention_id = retentions.retention_id
    where covered.occurrence_count >= retentions.min_occurrences

)

select
    retention_id,
    user_id,
    breakdown_value,
    period_number,
    is_same_period_return,
    is_same_period_return_with_same_value,
    has_same_value,
    is_mature,
    cohort_start_date,
    cohort_start_at
from returns
