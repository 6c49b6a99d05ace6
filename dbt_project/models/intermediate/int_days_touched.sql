select distinct {{ local_date('occurred_at') }} as event_date
from {{ ref('stg_events__touched') }}
where occurred_at is not null
