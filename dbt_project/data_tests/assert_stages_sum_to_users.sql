-- Every user is in exactly one stage on every day since the first active day.
with

first_days as (

    select
        activity_date,
        sum(user_count) as new_user_count
    from {{ ref('fct_active_day_gaps') }}
    where previous_activity_date is null
    group by activity_date

),

days as (

    select
        activity_date,
        sum(user_count) as user_count
    from {{ ref('mart_lifecycle_daily') }}
    group by activity_date

),

compared as (

    select
        days.activity_date,
        days.user_count,
        sum(coalesce(first_days.new_user_count, 0)) over (
            order by days.activity_date
            rows between unbounded preceding and current row
        ) as users_so_far
    from days
    left join first_days
        on days.activity_date = first_days.activity_date

)

select * from compared
where user_count <> users_so_far
