-- When a silence turns into dormancy, and into churn, depends on the day it follows and
-- on nobody's person: worked out once a day here, looked up for ten million user-days.
with

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

fct_lifecycle_limits as (

    select * from {{ ref('fct_lifecycle_limits') }}

),

-- The first day of each month on which the month's own limit is exceeded.
candidates as (

    select
        dim_dates.date_day as last_active_date,
        fct_lifecycle_limits.stage_id,
        greatest(
            fct_lifecycle_limits.month_start_date,
            cast({{ dbt.dateadd(
                'day', 'fct_lifecycle_limits.silent_over_days + 1', 'dim_dates.date_day'
            ) }} as date)
        ) as from_date,
        cast({{ dbt.dateadd(
            'month', 1, 'fct_lifecycle_limits.month_start_date'
        ) }} as date) as next_month_start_date
    from dim_dates
    inner join fct_lifecycle_limits
        on dim_dates.month_start_date <= fct_lifecycle_limits.month_start_date

),

-- The earliest of them: a higher limit in a later month brings nobody back, only an
-- active day does.
deadlines as (

    select
        last_active_date,
        min(case when stage_id = 'dormancy' then from_date end) as dormancy_from_date,
        min(case when stage_id = 'churn' then from_date end) as churn_from_date
    from candidates
    where from_date < next_month_start_date
    group by last_active_date

),

days as (

    select
        dim_dates.date_day as last_active_date,
        deadlines.dormancy_from_date,
        deadlines.churn_from_date
    from dim_dates
    left join deadlines
        on dim_dates.date_day = deadlines.last_active_date

)

select * from days
