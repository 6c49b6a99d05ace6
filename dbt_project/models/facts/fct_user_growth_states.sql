-- A view: the people behind mart_growth_accounting, which counts them from the gaps
-- between days. Ask for one activity, grain and period.
{{ config(materialized='view') }}
with

dim_activities as (

    select * from {{ ref('dim_activities') }}

),

dim_date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

dim_users as (

    select * from {{ ref('dim_users') }}

),

active_days as (

    select
        'any' as activity_id,
        user_id,
        activity_date
    from {{ ref('fct_user_active_days') }}
    union all
    select
        activity_id,
        user_id,
        activity_date
    from {{ ref('fct_activity_days') }}

),

last_days as (

    select max(date_day) as last_date from dim_date_periods

),

active_periods as (

    select distinct
        active_days.activity_id,
        active_days.user_id,
        dim_date_periods.grain,
        dim_date_periods.period_start_date,
        dim_date_periods.previous_period_start_date,
        {{ days_after('dim_date_periods.period_end_date', '1') }} as next_period_start_date
    from active_days
    inner join dim_date_periods on active_days.activity_date = dim_date_periods.date_day

),

neighbours as (

    select
        active_periods.*,
        lag(period_start_date) over (
            partition by activity_id, user_id, grain order by period_start_date
        ) as last_active_start_date,
        lead(period_start_date) over (
            partition by activity_id, user_id, grain order by period_start_date
        ) as next_active_start_date
    from active_periods

),

active as (

    select
        neighbours.*,
        case dim_activities.new_by
            when 'created_at' then coalesce(
                neighbours.period_start_date = case neighbours.grain
                    when 'day' then {{ local_date('dim_users.created_at') }}
                    when 'week' then {{ week_start(local_date('dim_users.created_at')) }}
                    else {{ month_start(local_date('dim_users.created_at')) }}
                end,
                false
            )
            else neighbours.last_active_start_date is null
        end as is_new
    from neighbours
    inner join dim_activities on neighbours.activity_id = dim_activities.activity_id
    inner join dim_users on neighbours.user_id = dim_users.user_id

),

states as (

    select
        activity_id,
        user_id,
        grain,
        case
            when is_new then 'new'
            when last_active_start_date = previous_period_start_date then 'retained'
            else 'resurrected'
        end as growth_state,
        period_start_date
    from active

    union all

    select
        neighbours.activity_id,
        neighbours.user_id,
        neighbours.grain,
        'churned' as growth_state,
        neighbours.next_period_start_date as period_start_date
    from neighbours
    cross join last_days
    where
        neighbours.next_period_start_date <= last_days.last_date
        and (
            neighbours.next_active_start_date is null
            or neighbours.next_active_start_date > neighbours.next_period_start_date
        )

)

select
    activity_id,
    user_id,
    grain,
    growth_state,
    period_start_date
from states
