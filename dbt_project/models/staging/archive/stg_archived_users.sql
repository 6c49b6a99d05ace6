select
    user_id,
    event_count,
    first_event_at,
    last_event_at
from {{ source('raw_archive', 'archived_users') }}
