-- A view: read once, by the counts of 28 days.
{{ config(materialized='view') }}
with

fct_stickiness_activities as (

    select * from {{ ref('fct_stickiness_activities') }} where period = '28_days'

),

dim_date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

-- A day or an hour is in the 28 days whole or not at all.
whole_intervals as (

    select
        stickiness_id,
        user_id,
        1 as interval_count,
        activity_date
    from fct_stickiness_activities
    where interval_unit = 'day' and event_count >= min_occurrences
    union all
    select
        stickiness_id,
        user_id,
        count(*) as interval_count,
        activity_date
    from fct_stickiness_activities
    where interval_unit = 'hour' and event_count >= min_occurrences
    group by stickiness_id, user_id, activity_date

),

-- A week or month may be in it in part: what counts is how often the user was active in the
-- part, which every active day raises when it comes and lowers when it leaves.
dated as (

    select
        fct_stickiness_activities.stickiness_id,
        fct_stickiness_activities.user_id,
        fct_stickiness_activities.event_count,
        fct_stickiness_activities.min_occurrences,
        fct_stickiness_activities.activity_date,
        dim_date_periods.period_start_date as interval_start_date
    from fct_stickiness_activities
    inner join dim_date_periods
        on
            fct_stickiness_activities.activity_date = dim_date_periods.date_day
            and fct_stickiness_activities.interval_unit = dim_date_periods.grain
    where fct_stickiness_activities.interval_unit in ('week', 'month')

),

part_changes as (

    select
        stickiness_id,
        user_id,
        event_count as event_change,
        min_occurrences,
        interval_start_date,
        activity_date as change_date
    from dated
    union all
    select
        stickiness_id,
        user_id,
        -event_count as event_change,
        min_occurrences,
        interval_start_date,
        {{ days_after('activity_date', '28') }} as change_date
    from dated

),

daily_part_changes as (

    select
        stickiness_id,
        user_id,
        sum(event_change) as event_change,
        min_occurrences,
        interval_start_date,
        change_date
    from part_changes
    group by stickiness_id, user_id, min_occurrences, interval_start_date, change_date

),

parts as (

    select
        stickiness_id,
        user_id,
        interval_start_date,
        change_date,
        case
            when
                sum(event_change) over (
                    partition by stickiness_id, user_id, interval_start_date
                    order by change_date
                    rows between unbounded preceding and current row
                ) >= min_occurrences
                then 1
            else 0
        end as interval_count
    from daily_part_changes

),

changes as (

    select
        stickiness_id,
        user_id,
        interval_count as interval_change,
        activity_date as change_date
    from whole_intervals
    union all
    select
        stickiness_id,
        user_id,
        -interval_count as interval_change,
        {{ days_after('activity_date', '28') }} as change_date
    from whole_intervals
    union all
    select
        stickiness_id,
        user_id,
        interval_count - lag(interval_count, 1, 0) over (
            partition by stickiness_id, user_id, interval_start_date
            order by change_date
        ) as interval_change,
        change_date
    from parts

)

select * from changes
