with

-- Days are counted already; each kind of interval reads its own part, so that no engine
-- keeps all of it.
daily_activities as (

    select * from {{ ref('fct_stickiness_activities') }}
    where
        period <> '28_days'
        and interval_unit = 'day'
        and hour_started_at is null
        and event_count >= min_occurrences

),

other_activities as (

    select * from {{ ref('fct_stickiness_activities') }}
    where
        period <> '28_days'
        and (interval_unit <> 'day' or hour_started_at is not null)

),

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

dim_date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

dim_stickiness_periods as (

    select * from {{ ref('dim_stickiness_periods') }}

),

-- A day stands in one week and in one month; a range is its definition's only period.
period_days as (

    select
        dim_stickiness_periods.stickiness_id,
        dim_dates.date_day,
        dim_stickiness_periods.period_start_date
    from dim_stickiness_periods
    inner join dim_dates
        on
            dim_dates.date_day >= dim_stickiness_periods.period_start_date
            and dim_dates.date_day <= dim_stickiness_periods.period_end_date

),

active_intervals as (

    select
        daily_activities.stickiness_id,
        daily_activities.user_id,
        period_days.period_start_date
    from daily_activities
    inner join period_days
        on
            daily_activities.stickiness_id = period_days.stickiness_id
            and daily_activities.activity_date = period_days.date_day
    union all
    select
        other_activities.stickiness_id,
        other_activities.user_id,
        period_days.period_start_date
    from other_activities
    inner join period_days
        on
            other_activities.stickiness_id = period_days.stickiness_id
            and other_activities.activity_date = period_days.date_day
    left join dim_date_periods as intervals
        on
            other_activities.activity_date = intervals.date_day
            and other_activities.interval_unit = intervals.grain
    group by
        other_activities.stickiness_id,
        other_activities.user_id,
        period_days.period_start_date,
        intervals.period_start_date,
        case
            when other_activities.interval_unit = 'hour'
                then other_activities.hour_started_at
        end,
        other_activities.min_occurrences
    having sum(other_activities.event_count) >= other_activities.min_occurrences

),

users as (

    select
        stickiness_id,
        user_id,
        period_start_date,
        count(*) as active_intervals
    from active_intervals
    group by stickiness_id, user_id, period_start_date

),

counts as (

    select
        stickiness_id,
        active_intervals,
        count(*) as user_count,
        period_start_date
    from users
    group by stickiness_id, active_intervals, period_start_date

)

select * from counts
