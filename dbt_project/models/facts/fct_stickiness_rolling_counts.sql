with

step_stickiness_interval_changes as (

    select * from {{ ref('step_stickiness_interval_changes') }}

),

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

-- A change takes its user from one number of active intervals to another.
levels as (

    select
        stickiness_id,
        interval_change,
        sum(interval_change) over (
            partition by stickiness_id, user_id order by change_date
            rows between unbounded preceding and current row
        ) as active_intervals,
        change_date
    from step_stickiness_interval_changes

),

level_counts as (

    select
        stickiness_id,
        interval_change,
        active_intervals,
        count(*) as user_count,
        change_date
    from levels
    group by stickiness_id, interval_change, active_intervals, change_date

),

changes as (

    select
        stickiness_id,
        active_intervals,
        user_count,
        change_date
    from level_counts
    union all
    select
        stickiness_id,
        active_intervals - interval_change as active_intervals,
        -user_count as user_count,
        change_date
    from level_counts

),

daily_changes as (

    select
        stickiness_id,
        active_intervals,
        sum(user_count) as user_count,
        change_date
    from changes
    where active_intervals > 0
    group by stickiness_id, active_intervals, change_date

),

reached as (

    select distinct
        stickiness_id,
        active_intervals
    from daily_changes

),

counts as (

    select
        reached.stickiness_id,
        cast(reached.active_intervals as bigint) as active_intervals,
        cast(sum(coalesce(daily_changes.user_count, 0)) over (
            partition by reached.stickiness_id, reached.active_intervals
            order by dim_dates.date_day
            rows between unbounded preceding and current row
        ) as bigint) as user_count,
        {{ days_after('dim_dates.date_day', '-27') }} as period_start_date
    from reached
    cross join dim_dates
    left join daily_changes
        on
            reached.stickiness_id = daily_changes.stickiness_id
            and reached.active_intervals = daily_changes.active_intervals
            and dim_dates.date_day = daily_changes.change_date

)

select * from counts
