{{ config(materialized='view') }}
with

floors as (

    select * from {{ source('raw', 'horizon_floors') }}

)

select max(data_through_at) as data_through_at
from floors
