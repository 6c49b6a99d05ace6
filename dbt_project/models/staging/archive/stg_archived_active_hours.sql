select
    user_id,
    hour_of_day,
    event_count,
    event_date,
    hour_started_at
from {{ source('raw_archive', 'archived_activity_hours') }}
where activity_id = 'any'
