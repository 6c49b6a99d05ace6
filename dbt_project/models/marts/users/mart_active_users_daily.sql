{# wau and mau are the states that lie inside their windows. #}
with

mart_user_states_daily as (

    select * from {{ ref('mart_user_states_daily') }}

),

active_users as (

    select
        cast(sum(case when is_active then user_count else 0 end) as bigint) as dau,
        cast(sum(case
            when is_active or state_id = 'at_risk_wau' then user_count
            else 0
        end) as bigint) as wau,
        cast(sum(case when state_id <> 'dormant' then user_count else 0 end) as bigint)
            as mau,
        is_mature,
        activity_date
    from mart_user_states_daily
    group by activity_date, is_mature

),

rates as (

    select
        dau,
        wau,
        mau,
        cast(dau * 1.0 / nullif(mau, 0) as double) as stickiness_rate,
        is_mature,
        activity_date
    from active_users

)

select * from rates
