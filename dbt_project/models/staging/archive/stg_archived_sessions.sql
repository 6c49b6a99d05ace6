select
    user_id,
    started_at,
    last_activity_at
from {{ source('raw_archive', 'archived_sessions') }}
