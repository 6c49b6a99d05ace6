{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['definition', 'definition_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'definition', 'from': 'occurred_at'}},
) }}
with

users as (

    select
        user_id,
        properties,
        created_at
    from {{ ref('int_users_latest') }}

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
    where {{ is_of_scope('properties') }}

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
    {{ join_recomputed('definition', 'definition_events', 'occurred_at') }}

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
    {{ join_recomputed('definition', 'events', 'occurred_at', of='selectors') }}
    where
        events.is_activity
        and selectors.is_any_activity
        and not selectors.has_conditions
        and not selectors.is_any_event
        and not selectors.is_read_by_day
        and selectors.first_time is null

),

read_values as (

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
                when 'user' then {{ user_property('users', 'properties.property', 'events.user_id') }}
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

),

-- Of several properties that may name the item of a path, the first that is there.
ranked_values as (

    select
        read_values.*,
        row_number() over (
            partition by definition, definition_id, purpose, source_id, event_id
            order by case when purpose = 'item' and property_value = '' then 1 else 0 end, position
        ) as value_number
    from read_values
    where property_count > 1

),

joined_values as (

    select
        definition,
        definition_id,
        purpose,
        user_id,
        source_id,
        event_id,
        -- Of several that are to be held, one that is missing is a missing value.
        case
            when purpose <> 'hold_constant' or min(property_value) <> ''
                then {{ dbt.listagg('property_value', "'::'", 'order by position') }}
            else ''
        end as property_value,
        occurred_at
    from ranked_values
    where purpose <> 'item' or value_number = 1
    group by definition, definition_id, purpose, user_id, source_id, event_id, occurred_at

)

-- Most ask for one property: its value is the whole.
select
    definition,
    definition_id,
    purpose,
    user_id,
    source_id,
    event_id,
    property_value,
    occurred_at
from read_values
where property_count = 1

union all

select
    definition,
    definition_id,
    purpose,
    user_id,
    source_id,
    event_id,
    property_value,
    occurred_at
from joined_values
