select
    anonymous_id,
    user_id,
    first_event_id,
    first_seen_at
from {{ source('raw_archive', 'archived_identity_pairs') }}
