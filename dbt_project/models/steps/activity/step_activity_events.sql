with

definition_events as (

    select * from {{ ref('step_definition_events') }}

)

select
    definition_id as activity_id,
    user_id,
    source_id,
    event_id,
    event_date,
    occurred_at
from definition_events
where definition = 'activity'
