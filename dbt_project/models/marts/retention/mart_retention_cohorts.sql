with

cohorts as (

    select * from {{ ref('fct_retention_cohorts') }}

),

retentions as (

    select * from {{ ref('dim_retentions') }}

),

cells as (

    select * from {{ ref('dim_retention_cells') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

values_of_retentions as (

    select distinct
        retention_id,
        breakdown_value
    from cohorts

    union

    select
        retention_id,
        cast(null as {{ dbt.type_string() }}) as breakdown_value
    from retentions

),

-- All cohorts together: the sum of those that are mature for the cell.
together as (

    select
        values_of_retentions.retention_id,
        values_of_retentions.breakdown_value,
        cells.period_number,
        coalesce(sum(case when cohorts.is_mature then cohorts.cohort_size end), 0) as cohort_size,
        coalesce(sum(case when cohorts.is_mature then cohorts.returned_count end), 0)
            as returned_count,
        coalesce(sum(case when cohorts.is_mature then cohorts.eligible_count end), 0)
            as eligible_count,
        coalesce(sum(case when cohorts.is_mature then cohorts.mature_returned_count end), 0)
            as mature_returned_count,
        coalesce(sum(case when cohorts.is_mature then cohorts.same_period_returned_count end), 0)
            as same_period_returned_count,
        sum(case when cohorts.is_mature then cohorts.returned_value_sum end)
            as returned_value_sum,
        sum(case when cohorts.is_mature then cohorts.mature_returned_value_sum end)
            as mature_returned_value_sum,
        coalesce(bool_and(cohorts.is_mature), true) as is_every_cohort_mature
    from values_of_retentions
    inner join cells on values_of_retentions.retention_id = cells.retention_id
    left join cohorts
        on values_of_retentions.retention_id = cohorts.retention_id
        and cells.period_number = cohorts.period_number
        and values_of_retentions.breakdown_value is not distinct from cohorts.breakdown_value
    group by
        values_of_retentions.retention_id, values_of_retentions.breakdown_value, cells.period_number

),

rows_of_both as (

    select
        retention_id,
        breakdown_value,
        period_number,
        cohort_size,
        returned_count,
        eligible_count,
        mature_returned_count,
        same_period_returned_count,
        returned_value_sum,
        mature_returned_value_sum,
        is_mature,
        cohort_start_date,
        cohort_start_at
    from cohorts

    union all

    select
        together.retention_id,
        together.breakdown_value,
        together.period_number,
        together.cohort_size,
        together.returned_count,
        together.eligible_count,
        together.mature_returned_count,
        together.same_period_returned_count,
        case
            when retentions.value_property is not null
                then coalesce(together.returned_value_sum, 0)
        end as returned_value_sum,
        case
            when retentions.value_property is not null
                then coalesce(together.mature_returned_value_sum, 0)
        end as mature_returned_value_sum,
        -- Cohorts can still come while the last entry lies ahead.
        coalesce(retentions.to_at <= horizon.data_through_at, false)
        and together.is_every_cohort_mature as is_mature,
        cast(null as date) as cohort_start_date,
        cast(null as timestamp) as cohort_start_at
    from together
    inner join retentions on together.retention_id = retentions.retention_id
    cross join horizon

)

select
    retention_id,
    breakdown_value,
    period_number,
    cast(cohort_size as bigint) as cohort_size,
    cast(returned_count as bigint) as returned_count,
    cast(eligible_count as bigint) as eligible_count,
    cast(mature_returned_count as bigint) as mature_returned_count,
    {{ rate('mature_returned_count', 'eligible_count') }} as retention_rate,
    case when period_number = 0 then cast(same_period_returned_count as bigint) end
        as same_period_returned_count,
    cast(returned_value_sum as decimal(38, 6)) as returned_value_sum,
    cast(mature_returned_value_sum as decimal(38, 6)) as mature_returned_value_sum,
    {{ rate('mature_returned_value_sum', 'mature_returned_count') }} as returned_value_mean,
    is_mature,
    cohort_start_date,
    cohort_start_at
from rows_of_both
