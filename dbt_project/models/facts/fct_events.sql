{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'occurred_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    select
        resolved.*,
        case when resolved.is_activity then resolved.occurred_at end as activity_at
    from {{ ref('int_events_resolved') }} as resolved
    {% if is_incremental() -%}
    inner join touched_users
        on resolved.user_id = touched_users.user_id
        and resolved.occurred_at >= touched_users.recompute_from_at
    {%- endif %}

),

session_starts as (

    select session_starts.*
    from {{ ref('int_session_starts') }} as session_starts
    {% if is_incremental() -%}
    inner join touched_users
        on session_starts.user_id = touched_users.user_id
        and session_starts.started_at >= touched_users.recompute_from_at
    {%- endif %}

),

{# Sessions that began before the cut-off of an expiry have no event here that opens them. #}
archived_sessions as (

    select
        session_starts.user_id,
        max_by(session_starts.session_id, session_starts.started_at) as session_id
    from session_starts
    inner join {{ ref('stg_expiries') }} as expiries
        on session_starts.started_at < expiries.cutoff_at
    group by session_starts.user_id

),

opened as (

    select
        events.*,
        session_starts.session_id as opened_session_id
    from events
    left join session_starts
        on events.user_id = session_starts.user_id
        and events.activity_at = session_starts.started_at

),

-- The window also lays the table out by user and time, which is how it is read.
sessionized as (

    select
        opened.*,
        coalesce(
            last_value(opened_session_id ignore nulls) over (
                partition by opened.user_id
                order by occurred_at, source_id, event_id
                rows between unbounded preceding and current row
            ),
            archived_sessions.session_id
        ) as session_id
    from opened
    left join archived_sessions on opened.user_id = archived_sessions.user_id

)

select
    event_id,
    source_id,
    user_id,
    anonymous_id,
    case when is_activity then session_id end as session_id,
    source_session_id,
    event_name,
    {% for column in event_text_columns() -%}
    {{ column }},
    {% endfor -%}
    properties,
    amount,
    is_activity,
    event_date,
    occurred_at,
    received_at
from sessionized
