with

active_hour_counts as (

    select * from {{ ref('fct_active_hour_counts') }}

),

user_hours as (

    select * from {{ ref('fct_activity_hours') }} where activity_id <> 'any'

),

activities as (

    select * from {{ ref('dim_activities') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

periods as (

    select * from {{ ref('dim_date_periods') }} where grain in ('week', 'month')

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

-- All activity is counted where its events are, as they come.
counted as (

    select
        'any' as activity_id,
        grain,
        period_start_date,
        weekday_number,
        hour_of_day,
        event_count,
        user_hour_count,
        user_count
    from active_hour_counts

    union all

    select
        user_hours.activity_id,
        periods.grain,
        periods.period_start_date,
        {{ iso_weekday('user_hours.event_date') }} as weekday_number,
        user_hours.hour_of_day,
        sum(user_hours.event_count) as event_count,
        count(*) as user_hour_count,
        count(distinct user_hours.user_id) as user_count
    from user_hours
    inner join periods on user_hours.event_date = periods.date_day
    group by
        user_hours.activity_id, periods.grain, periods.period_start_date, weekday_number,
        user_hours.hour_of_day

),

-- Quarters of an hour, because some clocks change by half an hour, and some zones are off
-- the full hour.
quarters as (

    select {{ add_seconds(local_midnight('dates.date_day'), '900 * numbers.number') }}
        as quarter_started_at
    from dates
    {{ explode(
        integer_array('0', 'cast(' ~ microseconds_between(
            local_midnight('dates.date_day'),
            local_midnight(dbt.dateadd('day', 1, 'dates.date_day'))
        ) ~ ' / 900000000 as integer) - 1'),
        'numbers', 'number'
    ) }}

),

clock_hours as (

    select
        {{ local_date('quarters.quarter_started_at') }} as date_day,
        cast(extract(hour from {{ local_timestamp('quarters.quarter_started_at') }}) as integer)
            as hour_of_day,
        count(*) / 4.0 as hour_count
    from quarters
    cross join horizon
    where quarters.quarter_started_at < horizon.data_through_at
    group by date_day, hour_of_day

),

period_hours as (

    select
        periods.grain,
        periods.period_start_date,
        {{ iso_weekday('clock_hours.date_day') }} as weekday_number,
        clock_hours.hour_of_day,
        sum(clock_hours.hour_count) as hour_count
    from clock_hours
    inner join periods on clock_hours.date_day = periods.date_day
    group by
        periods.grain, periods.period_start_date, weekday_number, clock_hours.hour_of_day

),

cells as (

    select distinct
        activities.activity_id,
        periods.grain,
        periods.is_closed,
        periods.period_start_date,
        weekdays.weekday_number,
        hours.hour_of_day
    from periods
    cross join activities
    {{ explode(integer_array('1', '7'), 'weekdays', 'weekday_number') }}
    {{ explode(integer_array('0', '23'), 'hours', 'hour_of_day') }}

),

heatmap as (

    select
        cells.activity_id,
        cells.grain,
        cast(cells.weekday_number as integer) as weekday_number,
        cast(
            {% if week_starts_on_sunday() -%}
            mod(cells.weekday_number, 7) + 1
            {%- else -%}
            cells.weekday_number
            {%- endif %} as integer
        ) as weekday_position,
        cast(cells.hour_of_day as integer) as hour_of_day,
        cast(coalesce(counted.event_count, 0) as bigint) as event_count,
        coalesce(counted.user_count, 0) as user_count,
        coalesce(counted.user_hour_count, 0) as user_hour_count,
        cast(coalesce(period_hours.hour_count, 0) as double) as hour_count,
        cells.is_closed as is_mature,
        cells.period_start_date
    from cells
    left join counted
        on cells.activity_id = counted.activity_id
        and cells.grain = counted.grain
        and cells.period_start_date = counted.period_start_date
        and cells.weekday_number = counted.weekday_number
        and cells.hour_of_day = counted.hour_of_day
    left join period_hours
        on cells.grain = period_hours.grain
        and cells.period_start_date = period_hours.period_start_date
        and cells.weekday_number = period_hours.weekday_number
        and cells.hour_of_day = period_hours.hour_of_day

)

select * from heatmap
