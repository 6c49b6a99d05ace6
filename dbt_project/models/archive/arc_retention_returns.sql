with

last_periods as (

    select
        retention_id,
        max(last_period) as last_period
    from {{ ref('dim_retention_cells') }}
    group by retention_id

),

returns as (

    select
        members.retention_id,
        members.user_id,
        case
            when members.window_mode = 'rolling' then {{ rolling_period(
                'members.granularity', 'members.cohort_event_at', 'return_events.occurred_at'
            ) }}
            else return_events.period_index - members.period_index
        end as period,
        -- Values count from the cohort event on.
        case
            when return_events.occurred_at >= members.cohort_event_at
                then return_events.returned_value
        end as returned_value,
        return_events.occurred_at > members.cohort_event_at as is_later,
        coalesce(members.breakdown_value = return_events.breakdown_value, false)
            as has_same_value,
        members.cohort_start_at
    from {{ ref('fct_retention_members') }} as members
    inner join {{ ref('step_retention_return_events') }} as return_events
        on members.retention_id = return_events.retention_id
        and members.user_id = return_events.user_id
    inner join last_periods on members.retention_id = last_periods.retention_id
    where
        return_events.occurred_at < {{ cut('cutoff_at') }}
        and case
            when members.window_mode = 'rolling'
                then return_events.occurred_at >= members.cohort_event_at
            else
                return_events.period_index
                between members.period_index and members.period_index + last_periods.last_period
        end

),

counted as (

    select
        retention_id,
        user_id,
        period,
        count(*) as occurrence_count,
        count(case when has_same_value then 1 end) as same_value_count,
        sum(returned_value) as returned_value_sum,
        sum(case when has_same_value then returned_value end) as same_value_returned_sum,
        bool_or(is_later) as is_later,
        bool_or(is_later and has_same_value) as is_later_with_same_value,
        cohort_start_at
    from returns
    group by retention_id, user_id, period, cohort_start_at

    union all

    {{ archived_before() }}

)

select
    retention_id,
    user_id,
    cast(period as integer) as period,
    cast(sum(occurrence_count) as bigint) as occurrence_count,
    cast(sum(same_value_count) as bigint) as same_value_count,
    cast(sum(returned_value_sum) as decimal(38, 6)) as returned_value_sum,
    cast(sum(same_value_returned_sum) as decimal(38, 6)) as same_value_returned_sum,
    bool_or(is_later) as is_later,
    bool_or(is_later_with_same_value) as is_later_with_same_value,
    cohort_start_at
from counted
group by retention_id, user_id, period, cohort_start_at
