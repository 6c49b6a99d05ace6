-- A part of fct_definition_values: what each property that is asked for says.
with

users as (

    select
        user_id,
        properties,
        created_at
    from {{ ref('dim_users') }}

),

definition_events as (

    select * from {{ ref('step_definition_events') }}

),

selectors as (

    select * from {{ ref('dim_selectors') }}

),

properties as (

    select
        properties.*,
        count(*) over (partition by definition, definition_id, purpose) as property_count
    from {{ ref('dim_definition_properties') }} as properties

),

valued_definitions as (

    select distinct
        definition,
        definition_id
    from properties

),

-- Events of definitions that ask for a value; once, however many sides they serve.
asked as (

    select distinct
        definition_events.definition,
        definition_events.definition_id,
        definition_events.source_id,
        definition_events.event_id
    from definition_events
    inner join valued_definitions
        on definition_events.definition = valued_definitions.definition
        and definition_events.definition_id = valued_definitions.definition_id
    {{ join_recomputed('user', 'definition_events', 'occurred_at') }}

    union

    select
        selectors.definition,
        selectors.definition_id,
        events.source_id,
        events.event_id
    from {{ ref('fct_events') }} as events
    cross join selectors
    inner join valued_definitions
        on selectors.definition = valued_definitions.definition
        and selectors.definition_id = valued_definitions.definition_id
    {{ join_recomputed('user', 'events', 'occurred_at') }}
    where
        events.is_activity
        and selectors.is_any_activity
        and not selectors.has_conditions
        and not selectors.is_any_event
        and not selectors.is_read_by_day
        and selectors.first_time is null

)

select
    asked.definition,
    asked.definition_id,
    properties.purpose,
    properties.position,
    properties.property_count,
    events.user_id,
    asked.source_id,
    asked.event_id,
    events.occurred_at,
    coalesce(
        case properties.scope
            when 'user' then {{ user_property('users', 'properties.property') }}
            else {{ event_property('events', 'properties.property') }}
        end,
        ''
    ) as property_value
from asked
inner join properties
    on asked.definition = properties.definition
    and asked.definition_id = properties.definition_id
inner join {{ ref('fct_events') }} as events
    on asked.source_id = events.source_id
    and asked.event_id = events.event_id
{{ join_recomputed('user', 'events', 'occurred_at') }}
left join users on events.user_id = users.user_id
