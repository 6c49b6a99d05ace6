with

archived as (

    select * from {{ source('raw_archive', 'archived_activity_days') }}

)

select
    activity_id,
    user_id,
    event_count,
    activity_date
from archived
where {{ definition_is_as_archived("'activity'", 'archived.activity_id') }}
