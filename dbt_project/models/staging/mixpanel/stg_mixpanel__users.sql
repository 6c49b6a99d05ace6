{{ config(materialized='view') }}
{%- set keys = {
    'user_id': '$distinct_id',
    'profile': '$properties',
    'created_at': ['$properties', '$created'],
    'last_seen_at': ['$properties', '$last_seen'],
} -%}
with

mixpanel as (

    select {{ json_texts('properties', keys.values()) }} as texts
    from {{ source('raw', 'mixpanel') }}
    where event is null

),

profiles as (

    select
        {{ text_columns('texts', keys) | indent(8) }}
    from mixpanel

),

calls as (

    select
        user_id,
        profile as properties,
        1 as precedence,
        created_at,
        coalesce(last_seen_at, created_at) as updated_at
    from profiles
    where user_id not like '$device:%'

),

users as (

    {{ users_of_calls('calls') | indent(4) }}

)

select * from users
