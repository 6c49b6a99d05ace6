{{ config(materialized='view') }}
with

definition_events as (

    select * from {{ ref('fct_definition_events') }} where definition = 'funnel'

),

definition_values as (

    select * from {{ ref('fct_definition_values') }} where definition = 'funnel'

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

steps as (

    select * from {{ ref('dim_funnel_steps') }}

),

selectors as (

    select * from {{ ref('dim_selectors') }} where definition = 'funnel'

),

serving as (

    select
        definition_id as funnel_id,
        side,
        user_id,
        source_id,
        event_id,
        occurred_at
    from definition_events

    union all

    -- Sides that take any activity without condition.
    select
        selectors.definition_id as funnel_id,
        selectors.side,
        events.user_id,
        events.source_id,
        events.event_id,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    cross join selectors
    where
        events.is_activity
        and selectors.is_any_activity
        and not selectors.has_conditions
        and not selectors.is_any_event
        and selectors.first_time is null

),

valued as (

    select
        serving.funnel_id,
        serving.user_id,
        serving.source_id,
        serving.event_id,
        serving.side,
        steps.step_number,
        steps.exclusion_number,
        breakdowns.property_value as breakdown_value,
        constants.property_value as constant_value,
        serving.occurred_at
    from serving
    inner join funnels on serving.funnel_id = funnels.funnel_id
    inner join steps
        on serving.funnel_id = steps.funnel_id
        and serving.side = steps.side
    left join definition_values as breakdowns
        on serving.funnel_id = breakdowns.definition_id
        and serving.source_id = breakdowns.source_id
        and serving.event_id = breakdowns.event_id
        and breakdowns.purpose = 'breakdown'
    left join definition_values as constants
        on serving.funnel_id = constants.definition_id
        and serving.source_id = constants.source_id
        and serving.event_id = constants.event_id
        and constants.purpose = 'hold_constant'
    where funnels.hold_constant is null or not {{ is_missing_value('constants.property_value') }}

)

select
    funnel_id,
    user_id,
    source_id,
    event_id,
    side,
    step_number,
    exclusion_number,
    breakdown_value,
    constant_value,
    occurred_at
from valued
