select
    source_id,
    event_name,
    event_count,
    event_date,
    last_event_at
from {{ source('raw_archive', 'archived_event_days') }}
