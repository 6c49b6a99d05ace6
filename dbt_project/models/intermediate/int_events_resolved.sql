{{ config(materialized='view') }}
with

events as (

    select *
    from {{ ref('stg_events') }}
    {% if horizon() -%}
    where occurred_at <= {{ horizon() }}
    {%- endif %}

),

links as (

    select * from {{ ref('int_identity_links') }}

),

event_names as (

    select * from {{ ref('dim_event_names') }}

),

resolved as (

    select
        events.source_id,
        events.event_id,
        coalesce(
            events.user_id,
            links.user_id,
            {{ anonymous_user_id('events.anonymous_id') }}
        ) as user_id,
        events.anonymous_id,
        events.session_id as source_session_id,
        events.event_name,
        {% for column in event_text_columns() -%}
        events.{{ column }},
        {% endfor -%}
        events.properties,
        events.amount,
        coalesce(event_names.is_activity, true) as is_activity,
        events.occurred_at,
        events.received_at
    from events
    -- An equality alone, so that the engine can hash: a condition on one side of a left
    -- join makes DuckDB compare every pair.
    left join links
        on case when events.user_id is null then events.anonymous_id end
        = links.anonymous_id
    left join event_names on events.event_name = event_names.event_name

)

select * from resolved
