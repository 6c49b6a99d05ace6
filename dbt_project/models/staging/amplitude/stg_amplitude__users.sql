{{ config(materialized='view') }}
{#- Every event repeats what is known of its user: each state is read once. -#}
with

states as (

    select
        user_id,
        {{ valid_json('user_properties') }} as properties,
        min(user_creation_time) as created_at,
        max(event_time) as updated_at
    from {{ source('raw', 'amplitude') }}
    where user_id is not null and user_properties <> '{}'
    group by user_id, user_properties

),

calls as (

    select
        user_id,
        properties,
        1 as precedence,
        created_at,
        updated_at
    from states

),

users as (

    {{ users_of_calls('calls') | indent(4) }}

)

select * from users
