{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['definition', 'definition_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'definition', 'from': 'occurred_at'}},
) }}
{% set property_value -%}
coalesce(
            case properties.scope
                when 'user' then {{ user_property('users', 'properties.property', 'events.user_id') }}
                else {{ event_property('events', 'properties.property') }}
            end,
            ''
        )
{%- endset -%}
with

users as (

    select
        user_id,
        properties,
        created_at
    from {{ ref('int_users_latest') }}

),

properties as (

    select
        properties.*,
        count(*) over (partition by definition, definition_id, purpose) as property_count
    from {{ ref('dim_definition_properties') }} as properties
    where {{ is_of_scope('properties') }} and not {{ is_segment_of_users('properties') }}

),

valued_definitions as (

    select distinct
        definition,
        definition_id
    from properties

),

asked_names as (

    select distinct
        names.definition,
        names.definition_id,
        names.event_name
    from {{ ref('step_definition_names') }} as names
    inner join valued_definitions
        on names.definition = valued_definitions.definition
        and names.definition_id = valued_definitions.definition_id

),

-- Events that were chosen by more than a name.
chosen as (

    select distinct
        chosen.definition,
        chosen.definition_id,
        chosen.source_id,
        chosen.event_id
    from {{ ref('fct_definition_chosen_events') }} as chosen
    inner join valued_definitions
        on chosen.definition = valued_definitions.definition
        and chosen.definition_id = valued_definitions.definition_id
    {{ join_recomputed('definition', 'chosen', 'occurred_at') }}

),

{# A loop, because most ask for one property, whose value is the whole: a CTE of all values, read once
   for these and once for the others, would be kept as a whole, a third of the time. -#}
{% for part, counted in [('single', '= 1'), ('several', '> 1')] -%}
{{ part }}_values as (

    select
        asked_names.definition,
        asked_names.definition_id,
        properties.purpose,
        properties.position,
        events.user_id,
        events.source_id,
        events.event_id,
        {{ property_value }} as property_value,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    inner join asked_names on events.event_name = asked_names.event_name
    {{ join_recomputed('definition', 'events', 'occurred_at', of='asked_names') }}
    inner join properties
        on asked_names.definition = properties.definition
        and asked_names.definition_id = properties.definition_id
        and properties.property_count {{ counted }}
    left join users on events.user_id = users.user_id

    union all

    select
        chosen.definition,
        chosen.definition_id,
        properties.purpose,
        properties.position,
        events.user_id,
        events.source_id,
        events.event_id,
        {{ property_value }} as property_value,
        events.occurred_at
    from chosen
    inner join {{ ref('fct_events') }} as events
        on chosen.source_id = events.source_id
        and chosen.event_id = events.event_id
    {{ join_recomputed('user', 'events', 'occurred_at') }}
    inner join properties
        on chosen.definition = properties.definition
        and chosen.definition_id = properties.definition_id
        and properties.property_count {{ counted }}
    left join asked_names
        on chosen.definition = asked_names.definition
        and chosen.definition_id = asked_names.definition_id
        and events.event_name = asked_names.event_name
    left join users on events.user_id = users.user_id
    where asked_names.event_name is null

),

{% endfor -%}
-- Of several properties that may name the item of a path, the first that is there.
ranked_values as (

    select
        several_values.*,
        row_number() over (
            partition by definition, definition_id, purpose, source_id, event_id
            order by case when purpose = 'item' and property_value = '' then 1 else 0 end, position
        ) as value_number
    from several_values

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

select
    definition,
    definition_id,
    purpose,
    user_id,
    source_id,
    event_id,
    property_value,
    occurred_at
from single_values

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
