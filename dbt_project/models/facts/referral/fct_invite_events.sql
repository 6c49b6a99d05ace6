{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'occurred_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
{%- set columns = [
    'user_id', 'source_id', 'event_id', 'campaign_id', 'role', 'invite_id', 'inviter_id',
    'event_date', 'occurred_at',
] %}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

event_names as (

    select
        event_name,
        role
    from {{ ref('dim_event_names') }}
    where role in ('invite', 'invite_accept')

),

events as (

    select
        events.user_id,
        events.source_id,
        events.event_id,
        events.campaign_id,
        event_names.role,
        nullif({{ trimmed(json_property('events.properties', "'invite_id'")) }}, '') as invite_id,
        case
            when event_names.role = 'invite_accept'
                then {{ json_property('events.properties', "'inviter_id'") }}
        end as inviter_id,
        events.event_date,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    inner join event_names on events.event_name = event_names.event_name
    {{ join_touched('events', 'occurred_at') }}

)

select
    {{ columns | join(',\n    ') }}
from events

{{ union_archived('arc_invite_events', columns, touched='occurred_at') }}
