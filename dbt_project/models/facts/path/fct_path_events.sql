{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['path_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'item', 'from': 'occurred_at'}},
) }}
{#- Named by its text, because a CTE of all events that is read twice is kept as a whole. -#}
{%- set events -%}
(
    select of_all.*
    from {{ ref('fct_events') }} as of_all
    {{ join_recomputed('path_user', 'of_all', 'occurred_at') }}
) as events
{%- endset -%}
with

item_values as (

    select of_all.*
    from {{ ref('fct_definition_values') }} as of_all
    {{ join_recomputed('definition', 'of_all', 'occurred_at') }}
    where of_all.definition = 'path' and of_all.purpose = 'item'

),

paths as (

    select * from {{ ref('dim_paths') }}

),

-- What is anchored at is an item too.
asked_names as (

    select
        definition_id as path_id,
        event_name,
        bool_or(side = 'anchor') as is_anchor
    from {{ ref('step_definition_names') }}
    where definition = 'path'
    group by definition_id, event_name

),

-- Events that were chosen by more than a name.
chosen as (

    select
        of_all.definition_id as path_id,
        of_all.source_id,
        of_all.event_id,
        bool_or(of_all.side = 'anchor') as is_anchor
    from {{ ref('fct_definition_chosen_events') }} as of_all
    {{ join_recomputed('definition', 'of_all', 'occurred_at') }}
    where of_all.definition = 'path'
    group by of_all.definition_id, of_all.source_id, of_all.event_id

),

asked as (

    select
        asked_names.path_id,
        events.user_id,
        events.source_id,
        events.event_id,
        events.session_id,
        events.event_name,
        asked_names.is_anchor or coalesce(chosen.is_anchor, false) as is_anchor,
        events.occurred_at
    from {{ events | indent(4) }}
    inner join asked_names on events.event_name = asked_names.event_name
    {{ join_recomputed('item', 'events', 'occurred_at', of='asked_names') }}
    left join chosen
        on asked_names.path_id = chosen.path_id
        and events.source_id = chosen.source_id
        and events.event_id = chosen.event_id

    union all

    select
        chosen.path_id,
        events.user_id,
        events.source_id,
        events.event_id,
        events.session_id,
        events.event_name,
        chosen.is_anchor,
        events.occurred_at
    from chosen
    inner join {{ events | indent(4) }}
        on chosen.source_id = events.source_id
        and chosen.event_id = events.event_id
    left join asked_names
        on chosen.path_id = asked_names.path_id
        and events.event_name = asked_names.event_name
    where asked_names.event_name is null

),

-- An event that is no activity stands in no session.
itemized as (

    select
        asked.path_id,
        asked.user_id,
        asked.source_id,
        asked.event_id,
        {{ path_item(
            "coalesce(nullif(item_values.property_value, ''), asked.event_name)",
            'paths.drop_ending'
        ) }} as item,
        case when paths.scope = 'user' then '' else asked.session_id end as thread_id,
        paths.anchor_item,
        asked.is_anchor or paths.anchor_event is null as is_anchor_event,
        paths.has_anchor,
        paths.session_gap_seconds,
        asked.occurred_at
    from asked
    inner join paths on asked.path_id = paths.path_id
    left join item_values
        on asked.path_id = item_values.definition_id
        and asked.source_id = item_values.source_id
        and asked.event_id = item_values.event_id
    where
        paths.scope = 'user'
        or paths.session_gap_seconds is not null
        or asked.session_id is not null

)

select
    path_id,
    user_id,
    source_id,
    event_id,
    thread_id,
    item,
    session_gap_seconds,
    has_anchor and is_anchor_event and coalesce(item = anchor_item, anchor_item is null) as is_anchor,
    occurred_at
from itemized
