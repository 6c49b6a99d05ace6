-- A table, because a model in Python reads it.
{{ config(materialized='table') }}
with

carried as (

    select
        carried.definition_id as funnel_id,
        carried.purpose,
        carried.property_value,
        carried.user_id,
        carried.source_id,
        carried.event_id,
        carried.occurred_at
    from {{ ref('fct_definition_values') }} as carried
    where carried.definition = 'funnel' and {{ is_of_scope('carried') }}

),

carried_anew as (

    select carried.*
    from carried
    {{ join_recomputed('funnel', 'carried', 'occurred_at') }}

)

select
    carried_anew.funnel_id,
    carried_anew.purpose,
    carried_anew.property_value,
    {{ is_missing_value('carried_anew.property_value') }} as is_missing,
    {{ timeline_place('carried_anew') }}
from carried_anew
{{ join_timeline('carried_anew') }}
