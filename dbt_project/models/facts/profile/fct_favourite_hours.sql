{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched'},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

user_hours as (

    select
        hours.user_id,
        hours.hour_of_day,
        23 - hours.hour_of_day as hours_before_midnight,
        sum(hours.event_count) as event_count
    from {{ ref('fct_activity_hours') }} as hours
    {%- if is_incremental() %}
    inner join touched_users on hours.user_id = touched_users.user_id
    {%- endif %}
    where hours.activity_id = 'any'
    group by hours.user_id, hours.hour_of_day

)

-- Of equal ones the earliest.
select
    user_id,
    max_by(hour_of_day, {{ struct_of(['event_count', 'hours_before_midnight']) }})
        as favourite_hour
from user_hours
group by user_id
