with

-- Days are counted already; each kind of interval reads its own part, so that no engine
-- keeps all of it.
daily_activities as (

    select * from {{ ref('fct_stickiness_activities') }}
    where
        period <> '28_days'
        and interval_unit = 'day'
        and interval_size = 1
        and hour_started_at is null
        and event_count between min_occurrences and max_occurrences

),

other_activities as (

    select * from {{ ref('fct_stickiness_activities') }}
    where
        interval_size > 1
        or (
            period <> '28_days'
            and (interval_unit <> 'day' or hour_started_at is not null)
        )

),

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

dim_stickiness_periods as (

    select * from {{ ref('dim_stickiness_periods') }}

),

-- A day stands in one week and in one month; a range is its definition's only period. In
-- 28 rolling periods each, only those stand that need their days themselves.
period_days as (

    select
        dim_stickiness_periods.stickiness_id,
        dim_stickiness_periods.last_interval_index,
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
    group by
        other_activities.stickiness_id,
        other_activities.user_id,
        period_days.period_start_date,
        floor((
            period_days.last_interval_index
            - {{ period_index(
                'other_activities.interval_unit',
                'other_activities.activity_date',
                'other_activities.hour_started_at'
            ) }}
        ) * 1.0 / other_activities.interval_size),
        other_activities.min_occurrences,
        other_activities.max_occurrences
    having
        sum(other_activities.event_count)
        between other_activities.min_occurrences and other_activities.max_occurrences

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
