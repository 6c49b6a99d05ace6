with

archived as (

    select * from {{ source('raw_archive', 'archived_path_items') }}

)

select
    path_id,
    user_id,
    item,
    previous_item,
    occurrence_number,
    position,
    seconds_from_previous,
    is_mature,
    anchor_at
from archived
where {{ definition_is_as_archived("'path'", 'archived.path_id') }}
