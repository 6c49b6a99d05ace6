with

dim_stickiness as (

    select * from {{ ref('dim_stickiness') }}

),

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

dim_date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

dim_horizon as (

    select * from {{ ref('dim_horizon') }}

),

last_days as (

    select
        min(date_day) as first_date,
        max(date_day) as last_date
    from dim_dates

),

periods as (

    select distinct
        dim_stickiness.stickiness_id,
        dim_stickiness.interval_unit,
        dim_stickiness.interval_size,
        dim_date_periods.is_closed as is_mature,
        dim_date_periods.period_start_date,
        dim_date_periods.period_end_date,
        cast(null as timestamp) as to_at
    from dim_stickiness
    inner join dim_date_periods
        on dim_stickiness.period = dim_date_periods.grain
    union all
    select
        dim_stickiness.stickiness_id,
        dim_stickiness.interval_unit,
        dim_stickiness.interval_size,
        dim_dates.is_day_closed as is_mature,
        {{ days_after('dim_dates.date_day', '-27') }} as period_start_date,
        dim_dates.date_day as period_end_date,
        cast(null as timestamp) as to_at
    from dim_stickiness
    inner join dim_dates
        on dim_stickiness.period = '28_days'
    union all
    -- A range without an end is never over.
    select
        dim_stickiness.stickiness_id,
        dim_stickiness.interval_unit,
        dim_stickiness.interval_size,
        coalesce(dim_stickiness.to_at < dim_horizon.data_through_at, false)
            as is_mature,
        coalesce(dim_stickiness.from_date, last_days.first_date) as period_start_date,
        coalesce(dim_stickiness.to_date, last_days.last_date) as period_end_date,
        dim_stickiness.to_at
    from dim_stickiness
    cross join last_days
    cross join dim_horizon
    where
        dim_stickiness.period = 'range'
        and last_days.first_date is not null

),

-- Weeks and months are cut at the ends of the period: a month of 31 days has five or
-- six. Intervals of several are counted back from the end; the first may be shorter.
counted as (

    select
        stickiness_id,
        cast(interval_size as integer) as interval_size,
        cast(ceil(case interval_unit
            when 'day' then {{ days_between(
                'period_start_date', 'period_end_date'
            ) }} + 1
            when 'week' then {{ days_between(
                week_start('period_start_date'), week_start('period_end_date')
            ) }} / 7 + 1
            when 'month' then {{ dbt.datediff(
                'period_start_date', 'period_end_date', 'month'
            ) }} + 1
        end * 1.0 / interval_size) as integer) as interval_count,
        {{ period_index(
            'interval_unit',
            'period_end_date',
            'coalesce(to_at, ' ~ local_midnight(days_after('period_end_date', '1'))
            ~ " - interval '1 microsecond')"
        ) }} as last_interval_index,
        is_mature,
        period_start_date,
        period_end_date
    from periods

)

select * from counted
