-- The one pass over user-days that active users, growth and calibrated limits share.
-- What they ask is how many users went from one active day to the next, not who: some
-- 100,000 rows for ten million user-days.
with

fct_user_days as (

    select * from {{ ref('fct_user_days') }}

),

fct_activity_days as (

    select * from {{ ref('fct_activity_days') }}

),

any_active_days as (

    select
        activity_date,
        lag(activity_date) over (
            partition by user_id order by activity_date
        ) as previous_activity_date
    from fct_user_days

),

active_days as (

    select
        activity_id,
        activity_date,
        lag(activity_date) over (
            partition by activity_id, user_id order by activity_date
        ) as previous_activity_date
    from fct_activity_days

),

gaps as (

    select
        'any' as activity_id,
        count(*) as user_count,
        previous_activity_date,
        activity_date
    from any_active_days
    group by previous_activity_date, activity_date
    union all
    select
        activity_id,
        count(*) as user_count,
        previous_activity_date,
        activity_date
    from active_days
    group by activity_id, previous_activity_date, activity_date

)

select * from gaps
