{{ config(materialized='view') }}
{#- Every event repeats what is known of its user: each state is read as it came and as it was last,
    between which another may lie. -#}
with

states as (

    select
        user_id,
        {{ valid_json('user_properties') }} as user_properties,
        min(event_timestamp) as first_at,
        max(event_timestamp) as last_at
    from {{ source('raw', 'ga4') }}
    where user_id is not null and user_properties <> '[]'
    group by user_id, user_properties

),

ends as (

    {{ ends_of_states('states', ['user_id', 'user_properties']) }}

),

calls as (

    select
        user_id,
        {{ keyed_values('user_properties') }} as properties,
        1 as precedence,
        cast(null as {{ dbt.type_string() }}) as created_at,
        told_at as updated_at
    from ends

),

users as (

    {{ users_of_calls('calls') | indent(4) }}

)

select * from users
