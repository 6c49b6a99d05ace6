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

definition_events as (

    select of_all.*
    from {{ ref('step_definition_events') }} as of_all
    {{ join_recomputed('definition', 'of_all', 'occurred_at') }}
    where of_all.definition = 'path'

),

item_values as (

    select of_all.*
    from {{ ref('fct_definition_values') }} as of_all
    {{ join_recomputed('definition', 'of_all', 'occurred_at') }}
    where of_all.definition = 'path' and of_all.purpose = 'item'

),

paths as (

    select * from {{ ref('dim_paths') }}

),

-- Paths of which a side takes any activity without condition.
any_paths as (

    select
        definition_id as path_id,
        bool_or(side = 'anchor') as is_anchor
    from {{ ref('dim_selectors') }}
    where definition = 'path' and is_any_activity and not has_conditions
    group by definition_id

),

-- What is anchored at is an item too.
named as (

    select
        definition_id as path_id,
        source_id,
        event_id,
        bool_or(side = 'anchor') as is_anchor
    from definition_events
    group by definition_id, source_id, event_id

),

chosen as (

    select
        named.path_id,
        events.user_id,
        events.source_id,
        events.event_id,
        events.session_id,
        events.event_name,
        named.is_anchor or (events.is_activity and coalesce(any_paths.is_anchor, false))
            as is_anchor,
        events.occurred_at
    from named
    inner join {{ events | indent(4) }}
        on named.source_id = events.source_id
        and named.event_id = events.event_id
    left join any_paths on named.path_id = any_paths.path_id

    union all

    select
        any_paths.path_id,
        events.user_id,
        events.source_id,
        events.event_id,
        events.session_id,
        events.event_name,
        any_paths.is_anchor,
        events.occurred_at
    from {{ events | indent(4) }}
    cross join any_paths
    {{ join_recomputed('item', 'events', 'occurred_at', of='any_paths') }}
    left join named
        on any_paths.path_id = named.path_id
        and events.source_id = named.source_id
        and events.event_id = named.event_id
    where events.is_activity and named.path_id is null

),

-- An event that is no activity stands in no session.
itemized as (

    select
        chosen.path_id,
        chosen.user_id,
        chosen.source_id,
        chosen.event_id,
        {{ path_item(
            "coalesce(nullif(item_values.property_value, ''), chosen.event_name)",
            'paths.drop_ending'
        ) }} as item,
        case when paths.scope = 'user' then '' else chosen.session_id end as thread_id,
        paths.anchor_item,
        chosen.is_anchor or paths.anchor_event is null as is_anchor_event,
        paths.has_anchor,
        paths.session_gap_seconds,
        chosen.occurred_at
    from chosen
    inner join paths on chosen.path_id = paths.path_id
    left join item_values
        on chosen.path_id = item_values.definition_id
        and chosen.source_id = item_values.source_id
        and chosen.event_id = item_values.event_id
    where
        paths.scope = 'user'
        or paths.session_gap_seconds is not null
        or chosen.session_id is not null

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
