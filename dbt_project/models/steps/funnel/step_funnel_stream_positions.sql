with

step_events as (

    select * from {{ ref('step_funnel_named_step_events') }} where step_number is not null

),

definition_events as (

    select * from {{ ref('step_definition_events') }}
    where definition = 'funnel' and side = 'stream'

),

definition_values as (

    select * from {{ ref('fct_definition_values') }}
    where definition = 'funnel' and purpose = 'breakdown'

),

events as (

    select * from {{ ref('fct_events') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }} where order_mode = 'strict'

),

selectors as (

    select * from {{ ref('dim_selectors') }} where definition = 'funnel' and side = 'stream'

),

-- The streams of users who open an attempt; the rest reaches no step.
entrants as (

    select distinct
        step_events.funnel_id,
        step_events.user_id
    from step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    where step_events.step_number = 1

),

-- An event of several threads (a value held constant) is one of the stream.
served as (

    select
        step_events.funnel_id,
        step_events.user_id,
        step_events.thread_breakdown_value,
        step_events.source_id,
        step_events.event_id,
        min(step_events.step_number) as first_step
    from step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    group by
        step_events.funnel_id, step_events.user_id, step_events.thread_breakdown_value,
        step_events.source_id, step_events.event_id

),

-- Every event of any kind; or, where the definition says so, those that it sees.
seen as (

    select
        entrants.funnel_id,
        events.user_id,
        events.source_id,
        events.event_id,
        events.occurred_at
    from events
    inner join entrants on events.user_id = entrants.user_id
    where entrants.funnel_id not in (select definition_id from selectors)

    union all

    select
        entrants.funnel_id,
        definition_events.user_id,
        definition_events.source_id,
        definition_events.event_id,
        definition_events.occurred_at
    from definition_events
    inner join entrants
        on definition_events.definition_id = entrants.funnel_id
        and definition_events.user_id = entrants.user_id

),

seen_anew as (

    select seen.*
    from seen
    {{ join_recomputed('funnel', 'seen', 'occurred_at') }}

),

streams as (

    select
        seen.*,
        cast(null as {{ dbt.type_string() }}) as thread_breakdown_value
    from seen_anew as seen

    union all

    select
        seen.*,
        definition_values.property_value as thread_breakdown_value
    from seen_anew as seen
    inner join funnels
        on seen.funnel_id = funnels.funnel_id
        and funnels.breakdown_attribution = 'all'
    inner join definition_values
        on seen.funnel_id = definition_values.definition_id
        and seen.source_id = definition_values.source_id
        and seen.event_id = definition_values.event_id

),

-- Within an instant in the order of the steps; what serves none comes last.
positioned as (

    select
        streams.funnel_id,
        streams.user_id,
        streams.source_id,
        streams.event_id,
        streams.thread_breakdown_value,
        served.first_step,
        row_number() over (
            partition by
                streams.funnel_id, streams.user_id, streams.thread_breakdown_value
            order by
                streams.occurred_at,
                coalesce(served.first_step, {{ var('funnel_max_steps') + 1 }}),
                streams.event_id,
                streams.source_id
        ) as stream_position
    from streams
    left join served
        on streams.funnel_id = served.funnel_id
        and streams.user_id = served.user_id
        and streams.source_id = served.source_id
        and streams.event_id = served.event_id
        and streams.thread_breakdown_value is not distinct from served.thread_breakdown_value

)

select
    funnel_id,
    user_id,
    source_id,
    event_id,
    thread_breakdown_value,
    stream_position
from positioned
where first_step is not null
