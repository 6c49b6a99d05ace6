with

candidates as (

    select * from {{ ref('step_definition_candidates') }}

),

chosen_events as (

    select * from {{ ref('fct_definition_chosen_events') }}

)

-- A side that asks for nothing but a name is read from the events as they are.
select
    definition,
    definition_id,
    side,
    user_id,
    source_id,
    event_id,
    event_date,
    occurred_at
from candidates
where not has_conditions and first_time is null

union all

select * from chosen_events
