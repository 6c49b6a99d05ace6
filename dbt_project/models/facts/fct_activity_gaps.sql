-- The one pass over user-days that active users, growth and calibrated limits share.
-- What they ask is how many users went from one active day to the next, not who: some
-- 100,000 rows for ten million user-days.
with

fct_user_active_days as (

    select * from {{ ref('fct_user_active_days') }}

),

fct_activity_days as (

    select * from {{ ref('fct_activity_days') }}

),

dim_activities as (

    select * from {{ ref('dim_activities') }} where new_by = 'created_at'

),

dim_users as (

    select * from {{ ref('dim_users') }} where created_at is not null

),

created as (

    select
        dim_activities.activity_id,
        dim_users.user_id,
        {{ local_date('dim_users.created_at') }} as created_date
    from dim_users
    cross join dim_activities

),

any_active_days as (

    select
        'any' as activity_id,
        user_id,
        activity_date,
        previous_activity_date
    from fct_user_active_days

),

active_days as (

    select
        activity_id,
        user_id,
        activity_date,
        lag(activity_date) over (
            partition by activity_id, user_id order by activity_date
        ) as previous_activity_date
    from fct_activity_days

),

days as (

    select * from any_active_days
    union all
    select * from active_days

),

-- Where new is by the day of creation, that day, if the active day's week or month may be
-- its own too: further off it makes nobody new.
dated as (

    select
        days.activity_id,
        days.previous_activity_date,
        days.activity_date,
        case
            when
                {{ week_start('created.created_date') }}
                = {{ week_start('days.activity_date') }}
                or {{ month_start('created.created_date') }}
                = {{ month_start('days.activity_date') }}
                then created.created_date
        end as created_date
    from days
    left join created
        on
            days.activity_id = created.activity_id
            and days.user_id = created.user_id

),

gaps as (

    select
        activity_id,
        count(*) as user_count,
        created_date,
        previous_activity_date,
        activity_date
    from dated
    group by activity_id, created_date, previous_activity_date, activity_date

)

select * from gaps
