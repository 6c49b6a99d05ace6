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

event_names as (

    select
        event_name,
        role
    from {{ ref('dim_event_names') }}
    where role in ('page_view', 'element_click')

),

events as (

    select
        events.user_id,
        events.session_id,
        events.source_id,
        events.event_id,
        events.page,
        case
            when event_names.role = 'element_click'
                then coalesce({{ json_property('events.properties', "'element'") }}, '')
        end as element,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    inner join event_names on events.event_name = event_names.event_name
    {% if is_incremental() -%}
    inner join touched_users
        on events.user_id = touched_users.user_id
        and events.occurred_at >= touched_users.recompute_from_at
    {% endif -%}
    where events.session_id is not null and events.page is not null

),

views as (

    select
        events.*,
        row_number() over (partition by session_id order by {{ event_order() }}) as view_number,
        count(*) over (partition by session_id) as session_view_count
    from events
    where element is null

),

viewed as (

    select
        user_id,
        session_id,
        page,
        element,
        count(*) as event_count,
        max(case when view_number = 1 then 1 else 0 end) = 1 as is_entry,
        max(case when view_number = session_view_count then 1 else 0 end) = 1 as is_exit,
        max(session_view_count) = 1 as is_bounce
    from views
    group by user_id, session_id, page, element

),

clicked as (

    select
        user_id,
        session_id,
        page,
        element,
        count(*) as event_count
    from events
    where element is not null
    group by user_id, session_id, page, element

),

parts as (

    select
        viewed.*,
        true as is_viewed
    from viewed

    union all

    select
        clicked.user_id,
        clicked.session_id,
        clicked.page,
        clicked.element,
        clicked.event_count,
        false as is_entry,
        false as is_exit,
        false as is_bounce,
        viewed.session_id is not null as is_viewed
    from clicked
    left join viewed on clicked.session_id = viewed.session_id and clicked.page = viewed.page

)

select
    parts.user_id,
    parts.session_id,
    parts.page,
    parts.element,
    parts.event_count,
    parts.is_viewed,
    parts.is_entry,
    parts.is_exit,
    parts.is_bounce,
    sessions.session_date,
    sessions.started_at
from parts
inner join {{ ref('fct_sessions') }} as sessions on parts.session_id = sessions.session_id
