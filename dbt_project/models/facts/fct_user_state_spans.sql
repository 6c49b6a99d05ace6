{{ config(materialized='view') }}
with

user_days as (

    select * from {{ ref('fct_user_active_days') }}

),

states as (

    select * from {{ ref('dim_user_states') }}

),

horizon as (

    select greatest(data_through_date, last_activity_date) as last_date
    from {{ ref('dim_horizon') }}

),

-- An active day is in its state for that day; a silence goes through its states in turn,
-- until the user is back.
spans as (

    select
        user_days.user_id,
        states.state_id,
        user_days.activity_date as valid_from_date,
        {{ days_after('user_days.activity_date', '1') }} as valid_to_date
    from user_days
    inner join states
        on
            states.is_active
            and case
                when user_days.previous_activity_date is null then states.from_days is null
                else {{ days_between(
                    'user_days.previous_activity_date', 'user_days.activity_date'
                ) }} between states.from_days and coalesce(states.before_days - 1, 2147483647)
            end

    union all

    select
        user_days.user_id,
        states.state_id,
        {{ days_after('user_days.activity_date', 'states.from_days') }} as valid_from_date,
        least(
            coalesce(user_days.next_activity_date, cast('9999-12-31' as date)),
            coalesce(
                {{ days_after('user_days.activity_date', 'states.before_days') }},
                cast('9999-12-31' as date)
            )
        ) as valid_to_date
    from user_days
    inner join states
        on
            not states.is_active
            and (
                user_days.next_activity_date is null
                or {{ days_between('user_days.activity_date', 'user_days.next_activity_date') }}
                > states.from_days
            )

)

select
    spans.user_id,
    spans.state_id,
    spans.valid_from_date,
    case when spans.valid_to_date <= horizon.last_date then spans.valid_to_date end
        as valid_to_date
from spans
cross join horizon
where spans.valid_from_date <= horizon.last_date
