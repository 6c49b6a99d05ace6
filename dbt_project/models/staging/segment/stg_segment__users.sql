{{ config(materialized='view') }}
{#- Servers send traits beside the call, some libraries of phones in its context. -#}
with

segment as (

    select * from {{ source('raw', 'segment') }}

),

calls as (

    select
        userid as user_id,
        coalesce(traits, {{ json_path('context', 'traits') }}) as properties,
        1 as precedence,
        coalesce(segment.timestamp, originaltimestamp) as updated_at
    from segment
    where lower(type) = 'identify'

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
