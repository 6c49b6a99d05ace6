-- What the stages of who was active on a day hang on, beside what they did: limits that were passed
-- by the last day there is, and rules.
with

deadlines as (

    select * from {{ ref('fct_lifecycle_deadlines') }}

),

last_days as (

    select max(date_day) as last_date from {{ ref('dim_dates') }}

),

rules as (

    select
        max(min_active_days) as min_active_days,
        max(min_active_weeks) as min_active_weeks,
        max(of_weeks) as of_weeks
    from {{ ref('dim_lifecycle_stages') }}

)

select
    rules.min_active_days,
    rules.min_active_weeks,
    rules.of_weeks,
    deadlines.last_active_date,
    case
        when deadlines.dormancy_from_date <= last_days.last_date then deadlines.dormancy_from_date
    end as dormancy_from_date,
    case
        when deadlines.churn_from_date <= last_days.last_date then deadlines.churn_from_date
    end as churn_from_date
from deadlines
cross join last_days
cross join rules
