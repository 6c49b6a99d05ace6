with

removals as (

    select * from {{ ref('stg_erasure_removals') }}

)

select
    person_hash,
    layer,
    object,
    removed_count,
    is_removed,
    requested_at,
    removed_at
from removals
