-- Returns for which days are enough, of user-days whenever they are asked for: to read what is kept of
-- them takes as long, and to keep them 15 times that. Where a period is a day and a cell a period, a
-- day is a return by itself; else days are added up.
with

members as (

    select * from {{ ref('fct_retention_members') }}

),

user_days as (

    select
        user_id,
        event_count,
        cast(
            {{ days_between("cast('1970-01-01' as date)", 'activity_date') }} as bigint
        ) as day_index,
        activity_date,
        last_event_at
    from {{ ref('fct_user_active_days') }}

),

cells as (

    select * from {{ ref('dim_retention_cells') }}

),

last_periods as (

    select
        retention_id,
        max(last_period) as last_period
    from cells
    group by retention_id

),

curves as (

    select
        retentions.retention_id,
        retentions.granularity,
        retentions.min_occurrences,
        retentions.granularity = 'day'
        and retentions.brackets is null
        and retentions.kind = 'on' as is_by_single_days,
        last_periods.last_period
    from {{ ref('dim_retentions') }} as retentions
    inner join last_periods on retentions.retention_id = last_periods.retention_id
    inner join {{ ref('dim_selectors') }} as selectors
        on retentions.retention_id = selectors.definition_id
    where
        selectors.definition = 'retention'
        and selectors.side = 'return'
        and selectors.is_read_by_day

),

-- A period by the cells that cover it, so that returns find theirs by equality.
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

periods as (

    select
        granularities.granularity,
        user_days.user_id,
        {{ period_index(
            'granularities.granularity', 'user_days.activity_date', 'user_days.last_event_at'
        ) }} as period_index,
        sum(user_days.event_count) as event_count,
        max(user_days.last_event_at) as last_event_at
    from user_days
    cross join (
        select distinct granularity
        from curves
        where not is_by_single_days
    ) as granularities
    group by
        granularities.granularity,
        user_days.user_id,
        {{ period_index(
            'granularities.granularity', 'user_days.activity_date', 'user_days.last_event_at'
        ) }}

),

{% set member -%}
    members.retention_id,
    members.user_id,
    members.granularity,
    members.window_mode,
    members.period_index,
    members.cohort_start_date,
    members.cohort_start_at
{%- endset -%}

-- Period 0 is the member's own, returned or not.
own_periods as (

    select
        {{ member }},
        0 as period_number,
        cells.last_period,
        coalesce(
            coalesce(user_days.last_event_at, periods.last_event_at) > members.cohort_event_at,
            false
        ) as is_same_period_return
    from members
    inner join curves on members.retention_id = curves.retention_id
    inner join cells
        on members.retention_id = cells.retention_id
        and cells.period_number = 0
    left join user_days
        on members.user_id = user_days.user_id
        and case when curves.is_by_single_days then members.period_index end = user_days.day_index
    left join periods
        on members.user_id = periods.user_id
        and members.granularity = periods.granularity
        and members.period_index = periods.period_index

),

later_days as (

    select
        {{ member }},
        user_days.day_index - members.period_index as period_number
    from members
    inner join curves
        on members.retention_id = curves.retention_id
        and curves.is_by_single_days
    inner join user_days
        on members.user_id = user_days.user_id
        and user_days.day_index
        between members.period_index + 1 and members.period_index + curves.last_period
    where user_days.event_count >= curves.min_occurrences

),

later_periods as (

    select
        {{ member }},
        cell_periods.period_number,
        cell_periods.last_period
    from members
    inner join curves
        on members.retention_id = curves.retention_id
        and not curves.is_by_single_days
    inner join periods
        on members.user_id = periods.user_id
        and members.granularity = periods.granularity
        and periods.period_index
        between members.period_index + 1 and members.period_index + curves.last_period
    inner join cell_periods
        on members.retention_id = cell_periods.retention_id
        and periods.period_index - members.period_index = cell_periods.period
    group by
        {{ member }},
        cell_periods.period_number,
        cell_periods.last_period,
        curves.min_occurrences
    having sum(periods.event_count) >= curves.min_occurrences

),

returns as (

    select * from own_periods

    union all

    select
        later_days.*,
        later_days.period_number as last_period,
        false as is_same_period_return
    from later_days

    union all

    select
        later_periods.*,
        false as is_same_period_return
    from later_periods

)

select
    retention_id,
    user_id,
    granularity,
    window_mode,
    period_index,
    cast(period_number as integer) as period_number,
    cast(last_period as integer) as last_period,
    is_same_period_return,
    cohort_start_date,
    cohort_start_at
from returns
