{{ config(materialized='view') }}
{#- Every event repeats what is known of its user: each state is read as it came and as it was last,
    between which another may lie. -#}
with

states as (

    select
        user_id,
        {{ valid_json('user_properties') }} as properties,
        min(user_creation_time) as created_at,
        min(event_time) as first_at,
        max(event_time) as last_at
    from {{ source('raw', 'amplitude') }}
    where user_id is not null and user_properties <> '{}'
    group by user_id, user_properties

),

ends as (

    {{ ends_of_states('states', ['user_id', 'properties', 'created_at']) }}

),

calls as (

    select
        user_id,
        properties,
        1 as precedence,
        created_at,
        told_at as updated_at
    from ends

),

users as (

    {{ users_of_calls('calls') | indent(4) }}

)

select * from users
