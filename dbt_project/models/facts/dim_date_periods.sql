with

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

periods as (

    select
        'day' as grain,
        is_day_closed as is_closed,
        date_day,
        date_day as period_start_date,
        date_day as period_end_date,
        cast({{ dbt.dateadd('day', -1, 'date_day') }} as date)
            as previous_period_start_date
    from dim_dates
    union all
    select
        'week' as grain,
        is_week_closed as is_closed,
        date_day,
        week_start_date as period_start_date,
        cast({{ dbt.dateadd('day', 6, 'week_start_date') }} as date) as period_end_date,
        cast({{ dbt.dateadd('day', -7, 'week_start_date') }} as date)
            as previous_period_start_date
    from dim_dates
    union all
    select
        'month' as grain,
        is_month_closed as is_closed,
        date_day,
        month_start_date as period_start_date,
        cast({{ dbt.dateadd(
            'day', -1, dbt.dateadd('month', 1, 'month_start_date')
        ) }} as date) as period_end_date,
        cast({{ dbt.dateadd('month', -1, 'month_start_date') }} as date)
            as previous_period_start_date
    from dim_dates

)

select * from periods
