with

archived as (

    select * from {{ source('raw_archive', 'archived_stickiness_hours') }}

)

select
    stickiness_id,
    user_id,
    event_count,
    activity_date,
    hour_started_at
from archived
where {{ definition_is_as_archived("'stickiness'", 'archived.stickiness_id') }}
