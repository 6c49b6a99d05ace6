select
    order_id,
    role,
    user_id,
    amount,
    event_date,
    occurred_at
from {{ source('raw_archive', 'archived_order_amounts') }}
