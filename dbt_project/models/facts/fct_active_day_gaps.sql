-- The one pass over user-days that active users, growth and calibrated limits share.
-- What they ask is how many users went from one active day to the next, not who: some
-- 100,000 rows for ten million user-days.
with

days as (

    select
        'any' as activity_id,
        user_id,
        previous_activity_date,
        activity_date
    from {{ ref('fct_user_active_days') }}

),

gaps as (

    {{ activity_gaps('days') | indent(4) }}

)

select * from gaps
