{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'occurred_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
{%- set columns = [
    'user_id', 'content_id', 'source_id', 'event_id', 'role', 'position', 'progress',
    'dwell_seconds', 'amount', 'event_date', 'occurred_at',
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
    where role in (
        'exposure', 'click', 'read_start', 'read_progress', 'read_finish', 'share', 'share_open',
        'like', 'comment', 'favourite', 'follow', 'submit', 'approve', 'reject', 'publish',
        'unpublish', 'creator_reward'
    )

),

-- Properties of those roles alone that have them: each is read of the whole text.
events as (

    select
        events.content_id,
        events.user_id,
        events.source_id,
        events.event_id,
        event_names.role,
        case
            when event_names.role = 'exposure'
                then {{ parse_number(json_property('events.properties', "'position'"), 'double') }}
        end as given_position,
        case
            when event_names.role in ('read_start', 'read_progress', 'read_finish')
                then {{ json_property('events.properties', "'progress'") }}
        end as progress_text,
        case
            when event_names.role in ('read_start', 'read_progress', 'read_finish')
                then {{ parse_number(
                    json_property('events.properties', "'dwell_seconds'"), 'double'
                ) }}
        end as given_dwell,
        case when event_names.role = 'creator_reward' then events.amount end as amount,
        events.event_date,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    {{ join_touched('events', 'occurred_at') }}
    inner join event_names on events.event_name = event_names.event_name
    where events.content_id is not null or event_names.role = 'creator_reward'

),

-- A share may be written in percent, and says so.
shares as (

    select
        events.*,
        coalesce(
            {{ parse_number('progress_text', 'double') }},
            {{ parse_number("replace(progress_text, '%', '')", 'double') }} / 100
        ) as given_progress
    from events

),

-- What cannot be says nothing.
typed as (

    select
        content_id,
        user_id,
        source_id,
        event_id,
        role,
        case
            when given_position between 1 and 1000000 and given_position = floor(given_position)
                then cast(given_position as integer)
        end as position,
        case when given_progress between 0 and 1 then given_progress end as progress,
        -- As much as there is room for: reads cap it.
        case
            when given_dwell >= 0 and given_dwell < 1e300
                then cast(least(given_dwell, 1e9) as decimal(18, 6))
        end as dwell_seconds,
        amount,
        event_date,
        occurred_at
    from shares

)

select
    {{ columns | join(',\n    ') }}
from typed

{{ union_archived('arc_content_events', columns, touched='occurred_at') }}
