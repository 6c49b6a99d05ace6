{{ config(materialized='view') }}
with

calls as (

    select
        user_id,
        properties,
        1 as precedence,
        {{ json_path('properties', 'created_at') }} as created_at,
        coalesce(calls.timestamp, calls.original_timestamp) as updated_at
    from {{ source('raw', 'segment_tables') }} as calls
    where calls.event is null and {{ segment_call('calls.source_file') }} = 'identify'

),

users as (

    {{ users_of_calls('calls') | indent(4) }}

)

select * from users
