-- A part of fct_retention_member_returns: what each member did in each period, of retentions that ask for
-- more than days.
with

return_events as (

    select of_all.*
    from {{ ref('step_retention_return_events') }} as of_all
    {{ join_recomputed('return', 'of_all', 'occurred_at') }}

),

members as (

    select of_all.*
    from {{ ref('fct_retention_members') }} as of_all
    {{ join_recomputed('retention', 'of_all', 'cohort_event_at') }}

),

retentions as (

    select
        retention_id,
        -- One row of calendar_periods for each period is all that they meet.
        window_mode = 'calendar' and breakdown is null and value_property is null as is_plain
    from {{ ref('dim_retentions') }}

),

last_periods as (

    select
        retention_id,
        max(last_period) as last_period
    from {{ ref('dim_retention_cells') }}
    group by retention_id

),

-- Calendar periods are the same for all members, so returns are counted by period before
-- they meet a member; rolling ones are each member's own.
calendar_periods as (

    select
        retention_id,
        user_id,
        breakdown_value,
        period_index,
        count(*) as occurrence_count,
        sum(returned_value) as returned_value_sum,
        max(occurred_at) as last_occurred_at
    from return_events
    where window_mode = 'calendar'
    group by retention_id, user_id, breakdown_value, period_index

),

{% set member -%}
    members.retention_id,
    members.user_id,
    members.cohort_start_date,
    members.cohort_start_at,
    members.breakdown_value
{%- endset -%}

plain as (

    select
        {{ member }},
        calendar_periods.period_index - members.period_index as period,
        calendar_periods.occurrence_count,
        calendar_periods.last_occurred_at > members.cohort_event_at as is_later
    from members
    inner join retentions on members.retention_id = retentions.retention_id
    inner join last_periods on members.retention_id = last_periods.retention_id
    inner join calendar_periods
        on members.retention_id = calendar_periods.retention_id
        and members.user_id = calendar_periods.user_id
        and calendar_periods.period_index
        between members.period_index and members.period_index + last_periods.last_period
    where retentions.is_plain

),

met as (

    select
        {{ member }},
        calendar_periods.breakdown_value as return_value,
        calendar_periods.period_index - members.period_index as period,
        calendar_periods.occurrence_count,
        case
            when calendar_periods.period_index > members.period_index
                then calendar_periods.returned_value_sum
        end as returned_value_sum,
        calendar_periods.last_occurred_at > members.cohort_event_at as is_later
    from members
    inner join retentions on members.retention_id = retentions.retention_id
    inner join last_periods on members.retention_id = last_periods.retention_id
    inner join calendar_periods
        on members.retention_id = calendar_periods.retention_id
        and members.user_id = calendar_periods.user_id
        and calendar_periods.period_index
        between members.period_index and members.period_index + last_periods.last_period
    where members.window_mode = 'calendar' and not retentions.is_plain

    union all

    -- Values of period 0 count from the cohort event on, itself included.
    select
        {{ member }},
        return_events.breakdown_value as return_value,
        0 as period,
        0 as occurrence_count,
        return_events.returned_value as returned_value_sum,
        false as is_later
    from members
    inner join return_events
        on members.retention_id = return_events.retention_id
        and members.user_id = return_events.user_id
        and members.period_index = return_events.period_index
        and return_events.occurred_at >= members.cohort_event_at
    where members.window_mode = 'calendar' and return_events.returned_value is not null

    union all

    select
        {{ member }},
        return_events.breakdown_value as return_value,
        {{ rolling_period(
            'members.granularity', 'members.cohort_event_at', 'return_events.occurred_at'
        ) }} as period,
        1 as occurrence_count,
        return_events.returned_value as returned_value_sum,
        return_events.occurred_at > members.cohort_event_at as is_later
    from members
    inner join return_events
        on members.retention_id = return_events.retention_id
        and members.user_id = return_events.user_id
        and return_events.occurred_at >= members.cohort_event_at
    where members.window_mode = 'rolling'

),

-- The total takes every return; a part those that carry the cohort event's value.
counted as (

    select
        retention_id,
        user_id,
        cohort_start_date,
        cohort_start_at,
        breakdown_value,
        cast(period as integer) as period,
        sum(occurrence_count) as occurrence_count,
        sum(case when breakdown_value = return_value then occurrence_count else 0 end)
            as same_value_count,
        sum(returned_value_sum) as returned_value_sum,
        sum(case when breakdown_value = return_value then returned_value_sum end)
            as same_value_returned_sum,
        bool_or(is_later) as is_later,
        coalesce(bool_or(is_later and breakdown_value = return_value), false)
            as is_later_with_same_value
    from met
    group by
        retention_id, user_id, cohort_start_date, cohort_start_at, breakdown_value, period

    union all

    select
        retention_id,
        user_id,
        cohort_start_date,
        cohort_start_at,
        breakdown_value,
        cast(period as integer) as period,
        occurrence_count,
        0 as same_value_count,
        null as returned_value_sum,
        null as same_value_returned_sum,
        is_later,
        false as is_later_with_same_value
    from plain

),

-- Returns that have expired, beside those of the same period that have not.
archived as (

    select
        members.retention_id,
        members.user_id,
        members.cohort_start_date,
        members.cohort_start_at,
        members.breakdown_value,
        rows_of_ids.period,
        sum(rows_of_ids.occurrence_count) as occurrence_count,
        sum(rows_of_ids.same_value_count) as same_value_count,
        sum(rows_of_ids.returned_value_sum) as returned_value_sum,
        sum(rows_of_ids.same_value_returned_sum) as same_value_returned_sum,
        bool_or(rows_of_ids.is_later) as is_later,
        bool_or(rows_of_ids.is_later_with_same_value) as is_later_with_same_value
    from (
        {{ archived_rows('arc_retention_returns', [
            'retention_id', 'period', 'occurrence_count', 'same_value_count',
            'returned_value_sum', 'same_value_returned_sum', 'is_later',
            'is_later_with_same_value', 'cohort_start_at',
        ]) }}
    ) as rows_of_ids
    inner join members
        on rows_of_ids.retention_id = members.retention_id
        and rows_of_ids.user_id = members.user_id
        and rows_of_ids.cohort_start_at = members.cohort_start_at
    group by
        members.retention_id, members.user_id, members.cohort_start_date,
        members.cohort_start_at, members.breakdown_value, rows_of_ids.period

),

{# A loop, because each sum is added up alike. #}
with_archived as (

    select
        {% for column in [
            'retention_id', 'user_id', 'breakdown_value', 'period', 'cohort_start_date',
            'cohort_start_at',
        ] -%}
        coalesce(counted.{{ column }}, archived.{{ column }}) as {{ column }},
        {% endfor -%}
        {% for column in [
            'occurrence_count', 'same_value_count', 'returned_value_sum',
            'same_value_returned_sum',
        ] -%}
        coalesce(
            counted.{{ column }} + archived.{{ column }},
            counted.{{ column }},
            archived.{{ column }}
        ) as {{ column }},
        {% endfor -%}
        coalesce(counted.is_later, false) or coalesce(archived.is_later, false) as is_later,
        coalesce(counted.is_later_with_same_value, false)
        or coalesce(archived.is_later_with_same_value, false) as is_later_with_same_value
    from counted
    full outer join archived
        on counted.retention_id = archived.retention_id
        and counted.user_id = archived.user_id
        and counted.cohort_start_at = archived.cohort_start_at
        and counted.period = archived.period

)

select
    retention_id,
    user_id,
    breakdown_value,
    period,
    cast(occurrence_count as bigint) as occurrence_count,
    cast(same_value_count as bigint) as same_value_count,
    cast(returned_value_sum as decimal(38, 6)) as returned_value_sum,
    cast(same_value_returned_sum as decimal(38, 6)) as same_value_returned_sum,
    is_later,
    is_later_with_same_value,
    cohort_start_date,
    cohort_start_at
from with_archived
