{{ config(materialized='view') }}
with

removals as (

    select * from {{ source('raw', 'erasure_removals') }}

),

erasures as (

    select
        person_hash,
        min(requested_at) as requested_at,
        max(erased_at) as erased_at
    from {{ source('raw', 'erasures') }}
    group by person_hash

),

summed as (

    select
        person_hash,
        layer,
        object,
        is_removed,
        removed_at,
        sum(removed_count) as removed_count
    from removals
    group by person_hash, layer, object, is_removed, removed_at

)

select
    summed.person_hash,
    summed.layer,
    summed.object,
    cast(summed.removed_count as bigint) as removed_count,
    summed.is_removed,
    erasures.requested_at,
    summed.removed_at
from summed
left join erasures on summed.person_hash = erasures.person_hash
