-- For an expiry too, which asks it before raw rows go.
with

named as (

    select
        definition_events.definition_id,
        definition_events.side,
        definition_events.user_id,
        definition_events.source_id,
        definition_events.event_id,
        definition_events.occurred_at
    from {{ ref('step_definition_events') }} as definition_events
    where definition_events.definition = 'funnel'

    union all

    select
        selectors.definition_id,
        selectors.side,
        events.user_id,
        events.source_id,
        events.event_id,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    cross join {{ ref('dim_selectors') }} as selectors
    where
        events.is_activity
        and selectors.definition = 'funnel'
        and selectors.is_any_activity
        and not selectors.has_conditions
        and not selectors.is_any_event
        and selectors.first_time is null

)

select
    named.definition_id as funnel_id,
    named.user_id,
    named.source_id,
    named.event_id,
    steps.step_number,
    breakdowns.property_value as breakdown_value,
    named.occurred_at
from named
inner join {{ ref('dim_funnel_steps') }} as steps
    on named.definition_id = steps.funnel_id
    and named.side = steps.side
    and steps.step_number is not null
inner join {{ ref('dim_funnels') }} as funnels
    on named.definition_id = funnels.funnel_id
    and funnels.breakdown is not null
    and funnels.breakdown_attribution in ('first', 'last')
left join {{ ref('fct_definition_values') }} as breakdowns
    on named.definition_id = breakdowns.definition_id
    and named.source_id = breakdowns.source_id
    and named.event_id = breakdowns.event_id
    and breakdowns.definition = 'funnel'
    and breakdowns.purpose = 'breakdown'
left join {{ ref('fct_definition_values') }} as constants
    on named.definition_id = constants.definition_id
    and named.source_id = constants.source_id
    and named.event_id = constants.event_id
    and constants.definition = 'funnel'
    and constants.purpose = 'hold_constant'
where funnels.hold_constant is null or not {{ is_missing_value('constants.property_value') }}
