{{ config(materialized='view') }}
with

events as (

    select * from {{ source('raw', 'events') }}

)

select
    'feed' as source_id,
    *
from events
