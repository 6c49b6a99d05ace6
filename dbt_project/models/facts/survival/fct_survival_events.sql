{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['survival_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'survival', 'from': 'occurred_at'}},
) }}
{%- set columns = [
    'user_id', 'survival_id', 'side', 'source_id', 'event_id', 'entity_id', 'breakdown_value',
    'event_date', 'occurred_at',
] %}
with

any_activity as (

    select
        definition_id as survival_id,
        side
    from {{ ref('dim_selectors') }}
    where
        definition = 'survival'
        and is_any_activity
        and not has_conditions
        and not is_read_by_day
        and first_time is null

),

occurred as (

    select
        definition_id as survival_id,
        side,
        user_id,
        source_id,
        event_id,
        event_date,
        occurred_at
    from {{ ref('step_definition_events') }}
    where definition = 'survival'

    union all

    select
        any_activity.survival_id,
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

property_values as (

    select
        definition_id as survival_id,
        purpose,
        source_id,
        event_id,
        property_value
    from {{ ref('fct_definition_values') }}
    where definition = 'survival'

),

valued as (

    select
        occurred.*,
        nullif(subjects.property_value, '') as entity_id,
        case when occurred.side = 'start' then parts.property_value end as breakdown_value
    from occurred
    {{ join_recomputed('survival', 'occurred', 'occurred_at') }}
    left join property_values as subjects
        on occurred.survival_id = subjects.survival_id
        and occurred.source_id = subjects.source_id
        and occurred.event_id = subjects.event_id
        and subjects.purpose = 'subject'
    left join property_values as parts
        on occurred.survival_id = parts.survival_id
        and occurred.source_id = parts.source_id
        and occurred.event_id = parts.event_id
        and parts.purpose = 'breakdown'

)

select
    {{ columns | join(',\n    ') }}
from valued

{{ union_archived('arc_survival_events', columns, recomputed={'by': 'survival', 'from': 'occurred_at'}) }}
