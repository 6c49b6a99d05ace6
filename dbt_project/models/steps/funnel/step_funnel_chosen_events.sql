-- A table, because a model in Python reads it.
{{ config(materialized='table') }}
with

chosen as (

    select
        chosen.definition_id as funnel_id,
        chosen.side,
        chosen.user_id,
        chosen.source_id,
        chosen.event_id,
        chosen.occurred_at
    from {{ ref('fct_definition_chosen_events') }} as chosen
    where chosen.definition = 'funnel' and {{ is_of_scope('chosen') }}

),

chosen_anew as (

    select chosen.*
    from chosen
    {{ join_recomputed('funnel', 'chosen', 'occurred_at') }}

)

select
    chosen_anew.funnel_id,
    chosen_anew.side,
    {{ timeline_place('chosen_anew') }}
from chosen_anew
{{ join_timeline('chosen_anew') }}
