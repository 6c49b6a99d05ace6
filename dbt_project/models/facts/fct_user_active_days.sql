{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'activity_date': 'last_active_date'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

user_days as (

    select
        user_days.user_id,
        user_days.key_action_count > 0 as is_key_action_day,
        user_days.activity_date,
        {% if is_incremental() -%}
        touched_users.last_active_date as from_date,
        {%- else -%}
        cast(null as date) as from_date,
        {%- endif %}
        cast({{ days_between("date '1900-01-01'", 'user_days.activity_date') }} as integer)
            as day_number
    from {{ ref('fct_user_days') }} as user_days
    {% if is_incremental() -%}
    inner join touched_users on user_days.user_id = touched_users.user_id
    {%- endif %}

),

-- What is computed again looks back on 56 days, and on this of all that lies before.
histories as (

    select
        user_id,
        min(case when is_key_action_day then activity_date end) as first_key_action_date,
        max(case when activity_date < {{ days_after('from_date', '-55') }} then activity_date end)
            as last_date_before,
        count(case when activity_date < {{ days_after('from_date', '-55') }} then 1 end)
            as day_count_before
    from user_days
    group by user_id

),

-- `recent_days`: the active days of the 56 that end on this one, as the sum of their bits.
active_days as (

    select
        user_id,
        from_date,
        activity_date,
        row_number() over (partition by user_id order by day_number) as day_rank,
        cast(sum(cast(power(2, day_number % 56) as bigint)) over (
            partition by user_id order by day_number
            range between 55 preceding and current row
        ) as bigint) as recent_days,
        lag(activity_date) over (partition by user_id order by day_number)
            as previous_activity_date,
        lead(activity_date) over (partition by user_id order by day_number)
            as next_activity_date
    from user_days
    where from_date is null or activity_date >= {{ days_after('from_date', '-55') }}

)

select
    active_days.user_id,
    cast(active_days.day_rank + histories.day_count_before as integer) as active_day_number,
    coalesce(histories.first_key_action_date <= active_days.activity_date, false)
        as has_key_action,
    active_days.recent_days,
    coalesce(active_days.previous_activity_date, histories.last_date_before)
        as previous_activity_date,
    active_days.activity_date,
    active_days.next_activity_date
from active_days
inner join histories on active_days.user_id = histories.user_id
where active_days.from_date is null or active_days.activity_date >= active_days.from_date
