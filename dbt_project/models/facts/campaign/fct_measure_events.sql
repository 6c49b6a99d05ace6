{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['measure_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'measure', 'from': 'occurred_at'}},
) }}
{%- set columns = [
    'measure_id', 'side', 'user_id', 'source_id', 'event_id', 'event_value', 'event_date',
    'occurred_at',
] %}
with

any_activity as (

    select
        definition_id as measure_id,
        side
    from {{ ref('dim_selectors') }}
    where definition = 'measure' and is_any_activity and not has_conditions

),

occurred as (

    select
        definition_id as measure_id,
        side,
        user_id,
        source_id,
        event_id,
        event_date,
        occurred_at
    from {{ ref('step_definition_events') }}
    where definition = 'measure'

    union all

    select
        any_activity.measure_id,
        any_activity.side,
        events.user_id,
        events.source_id,
        events.event_id,
        events.event_date,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    cross join any_activity
    where events.is_activity

),

properties as (

    select
        definition_id as measure_id,
        purpose
    from {{ ref('dim_definition_properties') }}
    where definition = 'measure'

),

property_values as (

    select
        definition_id as measure_id,
        purpose,
        source_id,
        event_id,
        {{ parse_number('property_value', 'decimal(28, 12)') }} as event_value
    from {{ ref('fct_definition_values') }}
    where definition = 'measure'

),

-- What is no number is worth nothing; where no property is asked, an event is one.
valued as (

    select
        occurred.*,
        case
            when properties.purpose is null then cast(1 as decimal(28, 12))
            else coalesce(property_values.event_value, 0)
        end as event_value
    from occurred
    {{ join_recomputed('measure', 'occurred', 'occurred_at') }}
    left join properties
        on occurred.measure_id = properties.measure_id
        and occurred.side = properties.purpose
    left join property_values
        on occurred.measure_id = property_values.measure_id
        and occurred.side = property_values.purpose
        and occurred.source_id = property_values.source_id
        and occurred.event_id = property_values.event_id

)

select
    {{ columns | join(',\n    ') }}
from valued

{{ union_archived('arc_measure_events', columns, recomputed={'by': 'measure', 'from': 'occurred_at'}) }}
