-- Every row of the mart against the returns themselves: each cohort, the total and each part,
-- single periods and brackets; and all cohorts together against the cohorts that are mature.
with

mart as (

    select
        retention_id,
        cohort_start_at,
        breakdown_value,
        period_number,
        cohort_size,
        returned_count,
        mature_returned_count,
        coalesce(same_period_returned_count, 0) as same_period_returned_count,
        coalesce(returned_value_sum, 0) as returned_value_sum,
        is_mature
    from {{ ref('mart_retention_cohorts') }}

),

returns as (

    select * from {{ ref('fct_retention_returns') }}

),

shown_values as (

    select * from {{ ref('fct_retention_breakdown_values') }}

),

parts as (

    select
        retention_id,
        cohort_start_at,
        cast(null as {{ dbt.type_string() }}) as breakdown_value,
        period_number,
        is_mature,
        is_same_period_return,
        returned_value_sum
    from returns

    union all

    select
        returns.retention_id,
        returns.cohort_start_at,
        shown_values.shown_value as breakdown_value,
        returns.period_number,
        returns.is_mature,
        returns.is_same_period_return_with_same_value as is_same_period_return,
        returns.same_value_returned_sum as returned_value_sum
    from returns
    inner join shown_values
        on
            returns.retention_id = shown_values.retention_id
            and returns.breakdown_value = shown_values.breakdown_value
    where returns.has_same_value

),

summed as (

    select
        retention_id,
        cohort_start_at,
        breakdown_value,
        period_number,
        count(*) as returned_count,
        count(case when is_mature then 1 end) as mature_returned_count,
        count(case when is_same_period_return then 1 end) as same_period_returned_count,
        coalesce(sum(returned_value_sum), 0) as returned_value_sum
    from parts
    group by retention_id, cohort_start_at, breakdown_value, period_number

    union all

    select
        retention_id,
        cast(null as timestamp) as cohort_start_at,
        breakdown_value,
        period_number,
        sum(case when is_mature then returned_count else 0 end) as returned_count,
        sum(case when is_mature then mature_returned_count else 0 end) as mature_returned_count,
        sum(case when is_mature then same_period_returned_count else 0 end)
            as same_period_returned_count,
        sum(case when is_mature then returned_value_sum else 0 end) as returned_value_sum
    from mart
    where cohort_start_at is not null
    group by retention_id, breakdown_value, period_number

),

-- A cohort is as large as its period 0, in each of its rows.
sizes as (

    select
        retention_id,
        cohort_start_at,
        breakdown_value,
        returned_count as cohort_size
    from summed
    where period_number = 0 and cohort_start_at is not null

),

compared as (

    select
        mart.*,
        summed.returned_count as summed_returned_count,
        summed.mature_returned_count as summed_mature_returned_count,
        summed.same_period_returned_count as summed_same_period_returned_count,
        summed.returned_value_sum as summed_returned_value_sum,
        sizes.cohort_size as summed_cohort_size,
        summed.retention_id is null and mart.returned_count = 0 as is_rightly_empty
    from mart
    full outer join summed
        on
            mart.retention_id = summed.retention_id
            and mart.period_number = summed.period_number
            and mart.cohort_start_at is not distinct from summed.cohort_start_at
            and mart.breakdown_value is not distinct from summed.breakdown_value
    left join sizes
        on
            mart.retention_id = sizes.retention_id
            and mart.cohort_start_at = sizes.cohort_start_at
            and mart.breakdown_value is not distinct from sizes.breakdown_value

)

select * from compared
where
    retention_id is null
    or (cohort_start_at is not null and coalesce(summed_cohort_size, -1) <> cohort_size)
    or (
        not is_rightly_empty
        and (
            coalesce(summed_returned_count, -1) <> returned_count
            or summed_mature_returned_count <> mature_returned_count
            or (period_number = 0 and summed_same_period_returned_count <> same_period_returned_count)
            or summed_returned_value_sum <> returned_value_sum
        )
    )
