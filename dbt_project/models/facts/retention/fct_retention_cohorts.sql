with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

members as (

    select
        members.retention_id,
        members.breakdown_value,
        {{ closed_period_count('members') }} as closed_period_count,
        {{ period_index(
            'retentions.cohort_granularity', 'horizon.data_through_date', 'horizon.data_through_at'
        ) }} > members.cohort_index as is_cohort_closed,
        members.cohort_start_date,
        members.cohort_start_at
    from {{ ref('fct_retention_members') }} as members
    inner join {{ ref('dim_retentions') }} as retentions
        on members.retention_id = retentions.retention_id
    cross join horizon

),

returns as (

    select
        returns.*,
        {{ closed_period_count('returns') }} > returns.last_period as is_mature
    from {{ ref('fct_retention_member_returns') }} as returns
    cross join horizon

),

-- Added up by what decides whether a period has closed, before that is asked.
day_counts as (

    select
        retention_id,
        granularity,
        window_mode,
        period_index,
        period_number,
        last_period,
        count(*) as returned_count,
        count(case when is_same_period_return then 1 end) as same_period_returned_count,
        cohort_start_at,
        cast(null as timestamp) as cohort_event_at
    from {{ ref('step_retention_day_returns') }}
    group by
        retention_id, granularity, window_mode, period_index, period_number, last_period,
        cohort_start_at

),

day_returns as (

    select
        day_counts.*,
        {{ closed_period_count('day_counts') }} > day_counts.last_period as is_mature
    from day_counts
    cross join horizon

),

retentions as (

    select * from {{ ref('dim_retentions') }}

),

cells as (

    select * from {{ ref('dim_retention_cells') }}

),

shown_values as (

    select * from {{ ref('fct_retention_breakdown_values') }}

),

sizes as (

    select
        members.retention_id,
        members.cohort_start_at,
        members.cohort_start_date,
        cast(null as {{ dbt.type_string() }}) as shown_value,
        members.closed_period_count,
        members.is_cohort_closed,
        count(*) as member_count
    from members
    group by
        members.retention_id, members.cohort_start_at, members.cohort_start_date,
        members.closed_period_count, members.is_cohort_closed

    union all

    select
        members.retention_id,
        members.cohort_start_at,
        members.cohort_start_date,
        shown_values.shown_value,
        members.closed_period_count,
        members.is_cohort_closed,
        count(*) as member_count
    from members
    inner join shown_values
        on members.retention_id = shown_values.retention_id
        and members.breakdown_value = shown_values.breakdown_value
    group by
        members.retention_id, members.cohort_start_at, members.cohort_start_date,
        shown_values.shown_value, members.closed_period_count, members.is_cohort_closed

),

cohort_cells as (

    select
        sizes.retention_id,
        sizes.cohort_start_at,
        sizes.cohort_start_date,
        sizes.shown_value,
        cells.period_number,
        sum(sizes.member_count) as cohort_size,
        sum(
            case when sizes.closed_period_count > cells.last_period then sizes.member_count else 0 end
        ) as eligible_count,
        bool_and(sizes.is_cohort_closed and sizes.closed_period_count > cells.last_period)
            as is_mature
    from sizes
    inner join cells on sizes.retention_id = cells.retention_id
    group by
        sizes.retention_id, sizes.cohort_start_at, sizes.cohort_start_date,
        sizes.shown_value, cells.period_number

),

return_counts as (

    select
        returns.retention_id,
        returns.cohort_start_at,
        cast(null as {{ dbt.type_string() }}) as shown_value,
        returns.period_number,
        count(*) as returned_count,
        count(case when returns.is_mature then 1 end) as mature_returned_count,
        count(case when returns.is_same_period_return then 1 end) as same_period_returned_count,
        sum(returns.returned_value_sum) as returned_value_sum,
        sum(case when returns.is_mature then returns.returned_value_sum end)
            as mature_returned_value_sum
    from returns
    group by returns.retention_id, returns.cohort_start_at, returns.period_number

    union all

    select
        retention_id,
        cohort_start_at,
        cast(null as {{ dbt.type_string() }}) as shown_value,
        period_number,
        sum(returned_count) as returned_count,
        sum(case when is_mature then returned_count else 0 end) as mature_returned_count,
        sum(same_period_returned_count) as same_period_returned_count,
        cast(null as decimal(38, 6)) as returned_value_sum,
        cast(null as decimal(38, 6)) as mature_returned_value_sum
    from day_returns
    group by retention_id, cohort_start_at, period_number

    union all

    select
        returns.retention_id,
        returns.cohort_start_at,
        shown_values.shown_value,
        returns.period_number,
        count(*) as returned_count,
        count(case when returns.is_mature then 1 end) as mature_returned_count,
        count(case when returns.is_same_period_return_with_same_value then 1 end)
            as same_period_returned_count,
        sum(returns.same_value_returned_sum) as returned_value_sum,
        sum(case when returns.is_mature then returns.same_value_returned_sum end)
            as mature_returned_value_sum
    from returns
    inner join shown_values
        on returns.retention_id = shown_values.retention_id
        and returns.breakdown_value = shown_values.breakdown_value
    where returns.has_same_value
    group by
        returns.retention_id, returns.cohort_start_at,
        shown_values.shown_value, returns.period_number

),

cohorts as (

    select
        cohort_cells.retention_id,
        cohort_cells.shown_value,
        cohort_cells.period_number,
        cohort_cells.cohort_size,
        coalesce(return_counts.returned_count, 0) as returned_count,
        cohort_cells.eligible_count,
        coalesce(return_counts.mature_returned_count, 0) as mature_returned_count,
        coalesce(return_counts.same_period_returned_count, 0) as same_period_returned_count,
        case
            when retentions.value_property is not null
                then coalesce(return_counts.returned_value_sum, 0)
        end as returned_value_sum,
        case
            when retentions.value_property is not null
                then coalesce(return_counts.mature_returned_value_sum, 0)
        end as mature_returned_value_sum,
        cohort_cells.is_mature,
        cohort_cells.cohort_start_date,
        cohort_cells.cohort_start_at
    from cohort_cells
    inner join retentions on cohort_cells.retention_id = retentions.retention_id
    left join return_counts
        on cohort_cells.retention_id = return_counts.retention_id
        and cohort_cells.cohort_start_at = return_counts.cohort_start_at
        and cohort_cells.period_number = return_counts.period_number
        and cohort_cells.shown_value is not distinct from return_counts.shown_value

)

select
    retention_id,
    shown_value as breakdown_value,
    period_number,
    cast(cohort_size as bigint) as cohort_size,
    cast(returned_count as bigint) as returned_count,
    cast(eligible_count as bigint) as eligible_count,
    cast(mature_returned_count as bigint) as mature_returned_count,
    cast(same_period_returned_count as bigint) as same_period_returned_count,
    cast(returned_value_sum as decimal(38, 6)) as returned_value_sum,
    cast(mature_returned_value_sum as decimal(38, 6)) as mature_returned_value_sum,
    is_mature,
    cohort_start_date,
    cohort_start_at
from cohorts
