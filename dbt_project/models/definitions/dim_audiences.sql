with

audiences as (

    select * from {{ source('seeds', 'audiences') }}

)

select
    audience_id,
    label_en,
    label_zh,
    campaign_id,
    schedule,
    purpose,
    coalesce(holdout_salt, audience_id) as holdout_salt,
    row_number,
    cap_messages,
    cap_days,
    holdout_rate,
    consent_default,
    {{ bound_instant('starts_at', is_end=false) }} as starts_at,
    {{ bound_instant('ends_at', is_end=true) }} as ends_at
from audiences
