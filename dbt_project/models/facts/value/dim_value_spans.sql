with

models as (

    select * from {{ ref('dim_value_models') }}

),

last_days as (

    select
        max(case when is_day_closed then date_day end) as last_day,
        max(case when is_month_closed then date_day end) as last_month_end
    from {{ ref('dim_dates') }}

),

-- Nothing is known of days to come. Without a closed month, what is known so far is all.
bounded as (

    select
        models.*,
        least(
            coalesce(models.calibration_to_date, last_days.last_month_end, last_days.last_day),
            last_days.last_day
        ) as calibrated_to_date,
        least(coalesce(models.holdout_to_date, last_days.last_day), last_days.last_day)
            as judged_to_date
    from models
    cross join last_days
    where last_days.last_day is not null

)

select
    model_id,
    unit_days,
    horizon_days,
    cast(greatest(0, {{ days_between('calibrated_to_date', 'judged_to_date') }}) as integer)
        as holdout_days,
    calibrated_to_date as calibration_to_date,
    greatest(calibrated_to_date, judged_to_date) as holdout_to_date
from bounded
