with

last_days as (

    select max(date_day) as last_date from {{ ref('dim_dates') }}

),

-- Silences that a user's return ended, and those that last at the horizon.
silences as (

    select
        {{ days_between('previous_activity_date', 'activity_date') }} as silent_days,
        user_count as ended_count,
        0 as censored_count
    from {{ ref('fct_active_day_gaps') }}
    where previous_activity_date is not null

    union all

    select
        {{ days_between('days.activity_date', 'last_days.last_date') }} as silent_days,
        0 as ended_count,
        1 as censored_count
    from {{ ref('fct_user_active_days') }} as days
    cross join last_days
    where days.next_activity_date is null

),

counted as (

    select
        silent_days,
        sum(ended_count) as ended_count,
        sum(censored_count) as censored_count
    from silences
    group by silent_days

),

at_risk as (

    select
        counted.*,
        sum(ended_count + censored_count) over (
            order by silent_days rows between current row and unbounded following
        ) as at_risk_count
    from counted

),

summed as (

    select
        at_risk.*,
        at_risk_count = ended_count as is_last,
        {{ log_survival('ended_count', 'at_risk_count') }} over (
            order by silent_days rows between unbounded preceding and current row
        ) as log_rate
    from at_risk

)

select
    cast(silent_days as integer) as silent_days,
    cast(at_risk_count as bigint) as at_risk_count,
    cast(ended_count as bigint) as ended_count,
    cast(censored_count as bigint) as censored_count,
    cast(case when is_last then 0 else exp(coalesce(log_rate, 0)) end as double) as survival_rate
from summed
