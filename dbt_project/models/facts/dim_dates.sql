with

horizon as (

    select
        first_activity_date,
        greatest(data_through_date, last_activity_date) as last_date,
        data_through_at
    from {{ ref('dim_horizon') }}
    where first_activity_date is not null

),

days as (

    {{ date_series('first_activity_date', 'last_date', 'horizon', 'date_day') }}

),

calendar as (

    select
        days.date_day,
        {{ week_start('days.date_day') }} as week_start_date,
        {{ month_start('days.date_day') }} as month_start_date,
        horizon.data_through_at
    from days
    cross join horizon

),

closed as (

    select
        date_day,
        week_start_date,
        month_start_date,
        {{ local_midnight(dbt.dateadd('day', 1, 'date_day')) }} <= data_through_at
            as is_day_closed,
        {{ local_midnight(dbt.dateadd('day', 7, 'week_start_date')) }} <= data_through_at
            as is_week_closed,
        {{ local_midnight(dbt.dateadd('month', 1, 'month_start_date')) }} <= data_through_at
            as is_month_closed
    from calendar

)

select
    date_day,
    week_start_date,
    month_start_date,
    is_day_closed,
    is_week_closed,
    is_month_closed
from closed
