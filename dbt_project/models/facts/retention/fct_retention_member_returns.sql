{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['retention_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'retention', 'from': 'cohort_event_at'}},
) }}
with

members as (

    select of_all.*
    from {{ ref('fct_retention_members') }} as of_all
    {{ join_recomputed('retention', 'of_all', 'cohort_event_at') }}
    where of_all.retention_id not in (
        select definition_id
        from {{ ref('dim_selectors') }}
        where definition = 'retention' and side = 'return' and is_read_by_day
    )

),

return_periods as (

    select * from {{ ref('step_retention_return_periods') }}

),

own_periods as (

    select * from {{ ref('step_retention_return_periods') }} where period = 0

),

retentions as (

    select
        retention_id,
        value_property is not null as has_value,
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
        cells.first_period = cells.last_period as is_single,
        periods.period
    from cells
    {{ explode(integer_array('cells.first_period', 'cells.last_period'), 'periods', 'period') }}
    where cells.period_number > 0 and cells.first_period <= cells.last_period

),

{% set columns -%}
    return_periods.retention_id,
    return_periods.user_id,
    return_periods.breakdown_value,
    return_periods.cohort_start_date,
    return_periods.cohort_start_at,
    cell_periods.period_number,
    cell_periods.last_period
{%- endset -%}

covered as (

    select
        {{ columns }},
        return_periods.occurrence_count,
        return_periods.same_value_count,
        return_periods.returned_value_sum,
        return_periods.same_value_returned_sum
    from return_periods
    inner join cell_periods
        on return_periods.retention_id = cell_periods.retention_id
        and return_periods.period = cell_periods.period
    where cell_periods.is_single

    union all

    select
        {{ columns }},
        sum(return_periods.occurrence_count) as occurrence_count,
        sum(return_periods.same_value_count) as same_value_count,
        sum(return_periods.returned_value_sum) as returned_value_sum,
        sum(return_periods.same_value_returned_sum) as same_value_returned_sum
    from return_periods
    inner join cell_periods
        on return_periods.retention_id = cell_periods.retention_id
        and return_periods.period = cell_periods.period
    where not cell_periods.is_single
    group by {{ columns }}

),

-- Period 0 is the member's own, returned or not.
returns as (

    select
        members.retention_id,
        members.user_id,
        members.breakdown_value,
        cells.period_number,
        own_periods.returned_value_sum,
        own_periods.same_value_returned_sum,
        coalesce(own_periods.is_later, false) as is_same_period_return,
        coalesce(own_periods.is_later_with_same_value, false)
            as is_same_period_return_with_same_value,
        true as has_same_value,
        cells.last_period,
        members.cohort_start_date,
        members.cohort_start_at
    from members
    inner join cells
        on members.retention_id = cells.retention_id
        and cells.period_number = 0
    left join own_periods
        on members.retention_id = own_periods.retention_id
        and members.user_id = own_periods.user_id
        and members.cohort_start_at = own_periods.cohort_start_at

    union all

    select
        covered.retention_id,
        covered.user_id,
        covered.breakdown_value,
        covered.period_number,
        covered.returned_value_sum,
        covered.same_value_returned_sum,
        false as is_same_period_return,
        false as is_same_period_return_with_same_value,
        covered.same_value_count >= retentions.min_occurrences as has_same_value,
        covered.last_period,
        covered.cohort_start_date,
        covered.cohort_start_at
    from covered
    inner join retentions on covered.retention_id = retentions.retention_id
    where covered.occurrence_count >= retentions.min_occurrences

)

select
    returns.retention_id,
    returns.user_id,
    members.granularity,
    members.window_mode,
    returns.breakdown_value,
    members.period_index,
    returns.period_number,
    cast(returns.last_period as integer) as last_period,
    cast(case
        when retentions.has_value then coalesce(returns.returned_value_sum, 0)
    end as decimal(38, 6)) as returned_value_sum,
    cast(case
        when retentions.has_value then coalesce(returns.same_value_returned_sum, 0)
    end as decimal(38, 6)) as same_value_returned_sum,
    returns.is_same_period_return,
    returns.is_same_period_return_with_same_value,
    returns.has_same_value,
    returns.cohort_start_date,
    returns.cohort_start_at,
    members.cohort_event_at
from returns
inner join retentions on returns.retention_id = retentions.retention_id
inner join members
    on returns.retention_id = members.retention_id
    and returns.user_id = members.user_id
    and returns.cohort_start_at = members.cohort_start_at
