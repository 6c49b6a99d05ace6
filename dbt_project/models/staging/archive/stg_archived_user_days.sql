select
    user_id,
    event_count,
    session_count,
    key_action_count,
    activity_date,
    first_event_at,
    last_event_at
from {{ source('raw_archive', 'archived_user_days') }}
