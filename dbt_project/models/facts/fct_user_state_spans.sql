-- A view: the people behind mart_user_states_daily, which counts them from the gaps between
-- days.
{{ config(materialized='view') }}
with

fct_user_days as (

    select * from {{ ref('fct_user_days') }}

),

dim_user_states as (

    select * from {{ ref('dim_user_states') }}

),

active_days as (

    select
        user_id,
        activity_date,
        lag(activity_date) over (
            partition by user_id order by activity_date
        ) as previous_activity_date,
        lead(activity_date) over (
            partition by user_id order by activity_date
        ) as next_activity_date
    from fct_user_days

),

spans as (

    select
        active_days.user_id,
        dim_user_states.state_id,
        active_days.activity_date as valid_from_date,
        {{ days_after('active_days.activity_date', '1') }} as valid_to_date
    from active_days
    inner join dim_user_states
        on
            dim_user_states.is_active
            and case
                when active_days.previous_activity_date is null
                    then dim_user_states.from_days is null
                else {{ days_between(
                    'active_days.previous_activity_date', 'active_days.activity_date'
                ) }} between dim_user_states.from_days
                and coalesce(dim_user_states.before_days - 1, 2147483647)
            end

    union all

    -- The part of a silence that is spent in a state, unless the user is back before.
    select
        active_days.user_id,
        dim_user_states.state_id,
        {{ days_after('active_days.activity_date', 'dim_user_states.from_days') }}
            as valid_from_date,
        case
            when
                {{ days_after('active_days.activity_date', 'dim_user_states.before_days') }}
                < coalesce(active_days.next_activity_date, cast('9999-12-31' as date))
                then {{ days_after(
                    'active_days.activity_date', 'dim_user_states.before_days'
                ) }}
            else active_days.next_activity_date
        end as valid_to_date
    from active_days
    inner join dim_user_states
        on
            not dim_user_states.is_active
            and (
                active_days.next_activity_date is null
                or {{ days_between(
                    'active_days.activity_date', 'active_days.next_activity_date'
                ) }} > dim_user_states.from_days
            )

)

select
    user_id,
    state_id,
    valid_from_date,
    valid_to_date
from spans
