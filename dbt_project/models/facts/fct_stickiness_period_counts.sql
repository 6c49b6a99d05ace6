with

fct_stickiness_activities as (

    select * from {{ ref('fct_stickiness_activities') }} where period <> '28_days'

),

dim_date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

dim_stickiness_periods as (

    select * from {{ ref('dim_stickiness_periods') }}

),

-- A day stands in one week and in one month; a range is its definition's only period.
dated as (

    select
        fct_stickiness_activities.*,
        dim_date_periods.period_start_date
    from fct_stickiness_activities
    inner join dim_date_periods
        on
            fct_stickiness_activities.activity_date = dim_date_periods.date_day
            and fct_stickiness_activities.period = dim_date_periods.grain
    union all
    select
        fct_stickiness_activities.*,
        dim_stickiness_periods.period_start_date
    from fct_stickiness_activities
    inner join dim_stickiness_periods
        on fct_stickiness_activities.stickiness_id = dim_stickiness_periods.stickiness_id
    where fct_stickiness_activities.period = 'range'

),

active_intervals as (

    -- days are counted already, unless a bound cuts them
    select
        stickiness_id,
        user_id,
        period_start_date
    from dated
    where
        interval_unit = 'day'
        and hour_started_at is null
        and event_count >= min_occurrences
    union all
    select
        dated.stickiness_id,
        dated.user_id,
        dated.period_start_date
    from dated
    left join dim_date_periods as intervals
        on
            dated.activity_date = intervals.date_day
            and dated.interval_unit = intervals.grain
    where dated.interval_unit <> 'day' or dated.hour_started_at is not null
    group by
        dated.stickiness_id,
        dated.user_id,
        dated.period_start_date,
        intervals.period_start_date,
        case when dated.interval_unit = 'hour' then dated.hour_started_at end,
        dated.min_occurrences
    having sum(dated.event_count) >= dated.min_occurrences

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
