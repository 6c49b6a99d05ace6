-- A view for expiry, which asks it before raw rows go.
with

served as (

    {{ served_funnel_events(ref('fct_events')) | indent(4) }}

)

select
    funnel_id,
    user_id,
    source_id,
    event_id,
    step_number,
    exclusion_number,
    breakdown_value,
    constant_value,
    occurred_at
from served
