{{ config(materialized='view') }}
with

archived as (

    select * from {{ source('raw_archive', 'archived_first_events') }}

)

select
    definition,
    definition_id,
    side,
    user_id
from archived
where {{ definition_is_as_archived("archived.definition", 'archived.definition_id') }}
