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
        funnels.breakdown_attribution,
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

),

-- A thread is a stream in which attempts are looked for: the user's events; with a value
-- held constant, those that carry it; with breakdown `all`, those of one value beside all.
threaded as (

    select
        valued.*,
        cast(null as {{ dbt.type_string() }}) as thread_breakdown_value,
        coalesce('constant ' || constant_value, '') as thread_id
    from valued

    union all

    select
        valued.*,
        breakdown_value as thread_breakdown_value,
        coalesce('constant ' || constant_value, '') || ' breakdown ' || breakdown_value as thread_id
    from valued
    where breakdown_attribution = 'all' and breakdown_value is not null

),

-- Rows of one event are of one instant, whichever stands first: one sort serves all three.
ordered as (

    select
        threaded.*,
        dense_rank() over (
            partition by funnel_id, user_id, thread_id
            order by occurred_at, source_id, event_id
        ) as event_rank,
        lag(occurred_at) over (
            partition by funnel_id, user_id, thread_id
            order by occurred_at, source_id, event_id
        ) as previous_at,
        lead(occurred_at) over (
            partition by funnel_id, user_id, thread_id
            order by occurred_at, source_id, event_id
        ) as next_at
    from threaded

)

select
    funnel_id,
    user_id,
    thread_id,
    source_id,
    event_id,
    side,
    breakdown_value,
    thread_breakdown_value,
    step_number,
    exclusion_number,
    event_rank,
    coalesce(occurred_at in (previous_at, next_at), false) as has_shared_instant,
    occurred_at
from ordered
