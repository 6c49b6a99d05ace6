{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'touched_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

-- Few events have a tag or a referrer: what they say is looked at of these alone.
tagged as (

    select
        events.user_id,
        events.session_id,
        events.source_id,
        events.event_id,
        {{ given_tag('events.utm_source') }} as utm_source,
        {{ given_tag('events.utm_medium') }} as utm_medium,
        {{ given_tag('events.utm_campaign') }} as utm_campaign,
        {{ referrer_host('events.referrer') }} as referrer_host,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    {{ join_touched('events', 'occurred_at') }}
    where
        events.session_id is not null
        and (
            events.utm_source is not null
            or events.utm_medium is not null
            or events.utm_campaign is not null
            or events.referrer is not null
        )

),

landed as (

    select
        user_id,
        session_id,
        source_id,
        event_id,
        utm_source,
        utm_medium,
        utm_campaign,
        -- A tag says more than a referrer.
        case
            when utm_source is null and utm_medium is null and utm_campaign is null
                then referrer_host
        end as referrer_host,
        occurred_at
    from tagged
    where
        utm_source is not null
        or utm_medium is not null
        or utm_campaign is not null
        or referrer_host is not null

),

neighbours as (

    select
        landed.*,
        row_number() over in_order as landing_number,
        lag(utm_source) over in_order as utm_source_before,
        lag(utm_medium) over in_order as utm_medium_before,
        lag(utm_campaign) over in_order as utm_campaign_before,
        lag(referrer_host) over in_order as referrer_host_before
    from landed
    window in_order as (
        partition by user_id, session_id order by {{ event_order() }}
    )

),

archived as (

    {{ archived_rows('arc_landings', [
        'touch_id', 'session_id', 'source_id', 'event_id', 'utm_source', 'utm_medium',
        'utm_campaign', 'referrer_host', 'touched_at',
    ]) }}

),

sessions as (

    select
        sessions.session_id,
        sessions.user_id,
        sessions.started_at
    from {{ ref('fct_sessions') }} as sessions
    {{ join_touched('sessions', 'started_at') }}

),

landed_sessions as (

    select session_id from landed
    union
    select session_id from archived

),

landings as (

    select
        md5(source_id || '|' || event_id) as touch_id,
        user_id,
        session_id,
        source_id,
        event_id,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_host,
        occurred_at as touched_at
    from neighbours
    where
        landing_number = 1
        or utm_source is distinct from utm_source_before
        or utm_medium is distinct from utm_medium_before
        or utm_campaign is distinct from utm_campaign_before
        or referrer_host is distinct from referrer_host_before

    union all

    -- Who comes without a word of where from.
    select
        sessions.session_id as touch_id,
        sessions.user_id,
        sessions.session_id,
        null as source_id,
        null as event_id,
        null as utm_source,
        null as utm_medium,
        null as utm_campaign,
        null as referrer_host,
        sessions.started_at as touched_at
    from sessions
    left join landed_sessions on sessions.session_id = landed_sessions.session_id
    where landed_sessions.session_id is null

    union all

    select
        archived.touch_id,
        archived.user_id,
        archived.session_id,
        archived.source_id,
        archived.event_id,
        archived.utm_source,
        archived.utm_medium,
        archived.utm_campaign,
        archived.referrer_host,
        archived.touched_at
    from archived
    {{ join_touched('archived', 'touched_at') }}

)

select * from landings
