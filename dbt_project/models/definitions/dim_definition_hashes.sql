{{ config(materialized='view') }}
with

definition_hashes as (

    select
        definition,
        definition_id,
        definition_hash,
        computed_hash
    from {{ source('seeds', 'definition_hashes') }}

)

select * from definition_hashes
