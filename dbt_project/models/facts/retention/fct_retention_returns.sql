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
        value_property,
        min_occurrences
    from {{ ref('dim_retentions') }}

),

cells as (

    select * from {{ ref('dim_retention_cells') }}

),

-- A period by the cells that cover it, so that returns find theirs by equality: compared
-- with every cell's first and last period, each return would meet all cells first.
cell_periods as (

    select
        cells.retention_id,
        cells.period_number,
        cells.last_period,
        periods.period
    from cells
    {{ explode(integer_array('cells.first_period', 'cells.last_period'), 'periods', 'period') }}
    where cells.period_number > 0 and cells.first_period <= cells.last_period

),

covered as (

    select
        return_periods.retention_id,
        return_periods.user_id,
        return_periods.cohort_start_at,
        cell_periods.period_number,
        cell_periods.last_period,
        sum(return_periods.occurrence_count) as occurrence_count,
        sum(return_periods.same_value_count) as same_value_count,
        sum(return_periods.returned_value_sum) as returned_value_sum,
        sum(return_periods.same_value_returned_sum) as same_value_returned_sum
    from return_periods
    inner join cell_periods
        on return_periods.retention_id = cell_periods.retention_id
        and return_periods.period = cell_periods.period
    group by
        return_periods.retention_id,
        return_periods.user_id,
        return_periods.cohort_start_at,
        cell_periods.period_number,
        cell_periods.last_period

),

-- Period 0 is the member's own, returned or not.
returns as (

    select
        members.retention_id,
        members.user_id,
        members.breakdown_value,
        cells.period_number,
        return_periods.returned_value_sum,
        return_periods.same_value_returned_sum,
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
        and cells.period_number = return_periods.period

    union all

    select
        members.retention_id,
        members.user_id,
        members.breakdown_value,
        covered.period_number,
        covered.returned_value_sum,
        covered.same_value_returned_sum,
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
    returns.retention_id,
    returns.user_id,
    returns.breakdown_value,
    returns.period_number,
    cast(case
        when retentions.value_property is not null then coalesce(returns.returned_value_sum, 0)
    end as decimal(38, 6)) as returned_value_sum,
    cast(case
        when retentions.value_property is not null
            then coalesce(returns.same_value_returned_sum, 0)
    end as decimal(38, 6)) as same_value_returned_sum,
    returns.is_same_period_return,
    returns.is_same_period_return_with_same_value,
    returns.has_same_value,
    returns.is_mature,
    returns.cohort_start_date,
    returns.cohort_start_at
from returns
inner join retentions on returns.retention_id = retentions.retention_id
