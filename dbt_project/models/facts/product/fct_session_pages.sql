{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'started_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    select events.*
    from {{ ref('step_page_events') }} as events
    {{ join_touched('events', 'occurred_at') }}

),

counted as (

    {{ session_pages('events') }}

),

archived as (

    {{ archived_rows('arc_session_pages', [
        'session_id', 'page', 'element', 'event_count', 'is_entry', 'is_exit', 'started_at',
        'ended_at',
    ]) }}

),

parts as (

    select
        counted.user_id,
        counted.session_id,
        counted.page,
        counted.element,
        counted.event_count,
        counted.is_entry,
        counted.is_exit,
        false as is_archived,
        sessions.started_at,
        sessions.ended_at
    from counted
    inner join {{ ref('int_session_starts') }} as sessions
        on counted.session_id = sessions.session_id

    union all

    select
        archived.user_id,
        archived.session_id,
        archived.page,
        archived.element,
        archived.event_count,
        archived.is_entry,
        archived.is_exit,
        true as is_archived,
        archived.started_at,
        archived.ended_at
    from archived
    {{ join_touched('archived', 'started_at') }}

),

-- Of a session that a cut-off went through, what has expired came first.
placed as (

    select
        parts.*,
        max(case when is_archived then 1 else 0 end) over in_session = 1 as has_archived,
        min(case when is_archived then 1 else 0 end) over in_session = 0 as has_more,
        sum(event_count) over in_session as session_event_count,
        max(case when element is null then 1 else 0 end) over (
            partition by session_id, page
        ) = 1 as is_viewed
    from parts
    window in_session as (partition by session_id, element is null)

)

select
    user_id,
    session_id,
    page,
    element,
    cast(sum(event_count) as bigint) as event_count,
    bool_or(is_viewed) as is_viewed,
    bool_or(is_entry and (is_archived or not has_archived)) as is_entry,
    bool_or(is_exit and (not is_archived or not has_more)) as is_exit,
    element is null and max(session_event_count) = 1 as is_bounce,
    {{ local_date('min(started_at)') }} as session_date,
    min(started_at) as started_at,
    max(ended_at) as ended_at
from placed
group by user_id, session_id, page, element
