with

archived as (

    select * from {{ source('raw_archive', 'archived_activity_hours') }}

)

select
    activity_id,
    user_id,
    hour_of_day,
    event_count,
    event_date,
    hour_started_at
from archived
where {{ definition_is_as_archived("'activity'", 'archived.activity_id') }}
