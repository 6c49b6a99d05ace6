{{ config(materialized='view') }}
with

archived as (

    select * from {{ source('raw_archive', 'archived_path_tails') }}

)

select
    path_id,
    user_id,
    item,
    is_anchor,
    occurred_at
from archived
where {{ definition_is_as_archived("'path'", 'archived.path_id') }}
