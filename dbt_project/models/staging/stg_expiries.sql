{{ config(materialized='view') }}
with

expiries as (

    select * from {{ source('raw', 'expiries') }}

)

select
    max(cutoff_at) as cutoff_at,
    max(paths_from_at) as paths_from_at
from expiries
where feed = 'events'
