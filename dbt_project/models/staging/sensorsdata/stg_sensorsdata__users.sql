{{ config(materialized='view') }}
{#- What is set once stays as it was first: the latest of these goes before the others. -#}
with

records as (

    {{ sensorsdata_records({'signup_time': '$signup_time'}) | indent(4) }}

),

calls as (

    select
        actor_user_id as user_id,
        properties,
        case
            when event_name = 'profile_set' then 1
            else -{{ try_cast('records.time', 'double') }}
        end as precedence,
        signup_time as created_at,
        records.time as updated_at
    from records
    where event_name in ('profile_set', 'profile_set_once')

),

users as (

    {{ users_of_calls('calls') | indent(4) }}

)

select * from users
