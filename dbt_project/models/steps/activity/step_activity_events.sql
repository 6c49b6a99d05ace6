with

definition_events as (

    select * from {{ ref('step_definition_events') }}

),

-- Of any activity without conditions, which definition_events leaves to its readers. Of `any`
-- itself days are read as they stand.
unnamed as (

    select definition_id
    from {{ ref('dim_selectors') }}
    where
        definition = 'activity'
        and definition_id <> 'any'
        and is_any_activity
        and not has_conditions

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

union all

select
    unnamed.definition_id as activity_id,
    events.user_id,
    events.source_id,
    events.event_id,
    events.event_date,
    events.occurred_at
from {{ ref('fct_events') }} as events
cross join unnamed
where events.is_activity
