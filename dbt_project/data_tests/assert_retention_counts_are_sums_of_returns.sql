-- The mart's cohorts without breakdown, against the returns and the members themselves.
with

cohorts as (

    select
        retention_id,
        period_number,
        sum(cohort_size) as cohort_size,
        sum(returned_count) as returned_count,
        sum(mature_returned_count) as mature_returned_count,
        sum(same_period_returned_count) as same_period_returned_count
    from {{ ref('mart_retention_cohorts') }}
    where breakdown_value is null and cohort_start_at is not null
    group by retention_id, period_number

),

returns as (

    select
        retention_id,
        period_number,
        count(*) as returned_count,
        count(case when is_mature then 1 end) as mature_returned_count,
        count(case when is_same_period_return then 1 end) as same_period_returned_count
    from {{ ref('fct_retention_returns') }}
    group by retention_id, period_number

),

members as (

    select
        retention_id,
        count(*) as member_count
    from {{ ref('fct_retention_members') }}
    group by retention_id

),

compared as (

    select
        members.retention_id,
        cohorts.period_number,
        members.member_count,
        cohorts.cohort_size,
        coalesce(returns.returned_count, 0) as returned_count,
        cohorts.returned_count as cohort_returned_count,
        coalesce(returns.mature_returned_count, 0) as mature_returned_count,
        cohorts.mature_returned_count as cohort_mature_returned_count,
        coalesce(returns.same_period_returned_count, 0) as same_period_returned_count,
        coalesce(cohorts.same_period_returned_count, 0)
            as cohort_same_period_returned_count
    from members
    left join cohorts on members.retention_id = cohorts.retention_id
    left join returns
        on
            cohorts.retention_id = returns.retention_id
            and cohorts.period_number = returns.period_number

)

select * from compared
where
    coalesce(cohort_size, -1) <> member_count
    or coalesce(cohort_returned_count, -1) <> returned_count
    or coalesce(cohort_mature_returned_count, -1) <> mature_returned_count
    or cohort_same_period_returned_count <> same_period_returned_count
