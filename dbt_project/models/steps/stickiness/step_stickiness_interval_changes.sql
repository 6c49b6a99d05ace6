with

whole_activities as (

    select * from {{ ref('fct_stickiness_activities') }}
    where
        period = '28_days'
        and interval_unit in ('day', 'hour')
        and interval_size = 1
        and event_count between min_occurrences and max_occurrences

),

part_activities as (

    select * from {{ ref('fct_stickiness_activities') }}
    where
        period = '28_days'
        and interval_unit in ('week', 'month')
        and interval_size = 1

),

dim_date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

-- A day comes into the 28 days that end on it, and leaves those that end 28 days later.
turns as (

    select
        1 as direction,
        0 as delay_days
    union all
    select
        -1 as direction,
        28 as delay_days

),

-- A week or month may be in the 28 days in part: what counts is how often the user was
-- active in the part.
part_events as (

    select
        part_activities.stickiness_id,
        part_activities.user_id,
        sum(turns.direction * part_activities.event_count) as event_change,
        part_activities.min_occurrences,
        part_activities.max_occurrences,
        dim_date_periods.period_start_date as interval_start_date,
        {{ days_after('part_activities.activity_date', 'turns.delay_days') }}
            as change_date
    from part_activities
    inner join dim_date_periods
        on
            part_activities.activity_date = dim_date_periods.date_day
            and part_activities.interval_unit = dim_date_periods.grain
    cross join turns
    group by
        part_activities.stickiness_id,
        part_activities.user_id,
        part_activities.min_occurrences,
        part_activities.max_occurrences,
        dim_date_periods.period_start_date,
        change_date

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
                ) between min_occurrences and max_occurrences
                then 1
            else 0
        end as interval_count
    from part_events

),

-- A day or an hour is in the 28 days whole or not at all.
changes as (

    select
        whole_activities.stickiness_id,
        whole_activities.user_id,
        turns.direction as interval_change,
        {{ days_after('whole_activities.activity_date', 'turns.delay_days') }}
            as change_date
    from whole_activities
    cross join turns
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

),

daily_changes as (

    select
        stickiness_id,
        user_id,
        cast(sum(interval_change) as bigint) as interval_change,
        change_date
    from changes
    group by stickiness_id, user_id, change_date
    having sum(interval_change) <> 0

)

select * from daily_changes
