{{ config(materialized='view') }}
{#- Servers send traits beside the call, some libraries of phones in its context. -#}
with

segment as (

    select
        userid,
        {{ valid_json('traits') }} as traits,
        {{ valid_json('context') }} as context_object,
        coalesce(calls.timestamp, calls.originaltimestamp) as called_at
    from {{ source('raw', 'segment') }} as calls
    where lower(calls.type) = 'identify'

),

calls as (

    select
        userid as user_id,
        coalesce(traits, {{ json_path('context_object', 'traits') }}) as properties,
        1 as precedence,
        called_at as updated_at
    from segment

),

dated as (

    select
        calls.*,
        coalesce(
            {{ json_path('properties', 'createdAt') }}, {{ json_path('properties', 'created_at') }}
        ) as created_at
    from calls

),

users as (

    {{ users_of_calls('dated') | indent(4) }}

)

select * from users
