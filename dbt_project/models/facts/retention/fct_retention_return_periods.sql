with

definition_events as (

    select *
    from {{ ref('fct_definition_events') }}
    where definition = 'retention' and side = 'return'

),

definition_values as (

    select * from {{ ref('fct_definition_values') }} where definition = 'retention'

),

events as (

    select * from {{ ref('fct_events') }}

),

user_days as (

    select * from {{ ref('fct_user_days') }}

),

members as (

    select * from {{ ref('fct_retention_members') }}

),

retentions as (

    select * from {{ ref('dim_retentions') }}

),

any_activity as (

    select
        retentions.retention_id,
        retentions.granularity,
        -- Days are enough where nothing finer than a day is asked of an event.
        retentions.granularity <> 'hour'
        and retentions.window_mode = 'calendar'
        and retentions.breakdown is null as is_read_by_day
    from retentions
    inner join {{ ref('dim_selectors') }} as selectors
        on selectors.definition = 'retention'
        and retentions.retention_id = selectors.definition_id
        and selectors.side = 'return'
    where selectors.is_any_activity and not selectors.has_conditions

),

return_events as (

    select
        definition_id as retention_id,
        user_id,
        source_id,
        event_id,
        event_date,
        occurred_at
    from definition_events

    union all

    select
        any_activity.retention_id,
        events.user_id,
        events.source_id,
        events.event_id,
        events.event_date,
        events.occurred_at
    from events
    cross join any_activity
    where events.is_activity and not any_activity.is_read_by_day

),

valued as (

    select
        return_events.retention_id,
        return_events.user_id,
        retentions.granularity,
        retentions.window_mode,
        definition_values.property_value as breakdown_value,
        return_events.event_date,
        return_events.occurred_at
    from return_events
    inner join retentions on return_events.retention_id = retentions.retention_id
    left join definition_values
        on return_events.retention_id = definition_values.definition_id
        and return_events.source_id = definition_values.source_id
        and return_events.event_id = definition_values.event_id

),

-- Calendar periods are the same for all members, so returns are counted by period before
-- they meet a member; rolling ones are each member's own.
calendar_periods as (

    select
        retention_id,
        user_id,
        breakdown_value,
        {{ period_index('granularity', 'event_date', 'occurred_at') }} as period_index,
        count(*) as occurrence_count,
        max(occurred_at) as last_occurred_at
    from valued
    where window_mode = 'calendar'
    group by
        retention_id, user_id, breakdown_value,
        {{ period_index('granularity', 'event_date', 'occurred_at') }}

    union all

    select
        any_activity.retention_id,
        user_days.user_id,
        cast(null as {{ dbt.type_string() }}) as breakdown_value,
        {{ period_index('any_activity.granularity', 'user_days.activity_date', 'user_days.last_event_at') }}
            as period_index,
        sum(user_days.event_count) as occurrence_count,
        max(user_days.last_event_at) as last_occurred_at
    from user_days
    cross join any_activity
    where any_activity.is_read_by_day
    group by
        any_activity.retention_id, user_days.user_id,
        {{ period_index('any_activity.granularity', 'user_days.activity_date', 'user_days.last_event_at') }}

),

met as (

    select
        members.retention_id,
        members.user_id,
        members.cohort_start_at,
        members.breakdown_value,
        calendar_periods.breakdown_value as return_value,
        calendar_periods.period_index - members.period_index as period,
        calendar_periods.occurrence_count,
        calendar_periods.last_occurred_at > members.cohort_event_at as is_later
    from members
    inner join calendar_periods
        on members.retention_id = calendar_periods.retention_id
        and members.user_id = calendar_periods.user_id
        and calendar_periods.period_index >= members.period_index
    where members.window_mode = 'calendar'

    union all

    select
        members.retention_id,
        members.user_id,
        members.cohort_start_at,
        members.breakdown_value,
        valued.breakdown_value as return_value,
        cast(floor(
            {{ microseconds_between('members.cohort_event_at', 'valued.occurred_at') }}
            / ({{ rolling_period_seconds('members.granularity') }} * 1000000.0)
        ) as bigint) as period,
        1 as occurrence_count,
        true as is_later
    from members
    inner join valued
        on members.retention_id = valued.retention_id
        and members.user_id = valued.user_id
        and valued.occurred_at > members.cohort_event_at
    where members.window_mode = 'rolling'

),

-- The total takes every return; a part those that carry the cohort event's value.
counted as (

    select
        retention_id,
        user_id,
        cohort_start_at,
        cast(period as integer) as period,
        sum(occurrence_count) as occurrence_count,
        sum(case when breakdown_value = return_value then occurrence_count else 0 end)
            as same_value_count,
        bool_or(is_later) as is_later,
        coalesce(bool_or(is_later and breakdown_value = return_value), false)
            as is_later_with_same_value
    from met
    group by retention_id, user_id, cohort_start_at, period

)

select
    retention_id,
    user_id,
    cohort_start_at,
    period,
    cast(occurrence_count as bigint) as occurrence_count,
    cast(same_value_count as bigint) as same_value_count,
    is_later,
    is_later_with_same_value
from counted
