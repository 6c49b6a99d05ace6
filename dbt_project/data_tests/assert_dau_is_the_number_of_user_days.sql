-- dau comes from the states of a day; the users of the day are counted here.
with

user_days as (

    select
        activity_date,
        count(*) as user_count
    from {{ ref('fct_user_days') }}
    group by activity_date

),

compared as (

    select
        coalesce(active_users.activity_date, user_days.activity_date) as activity_date,
        coalesce(active_users.dau, 0) as dau,
        coalesce(user_days.user_count, 0) as user_count
    from {{ ref('mart_active_users_daily') }} as active_users
    full outer join user_days
        on active_users.activity_date = user_days.activity_date

)

select * from compared
where dau <> user_count
