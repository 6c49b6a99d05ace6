{{ config(materialized='view') }}
with

unjoined as (

    select * from {{ source('raw', 'unjoined_anonymous_ids') }}

)

select distinct anonymous_id
from unjoined
