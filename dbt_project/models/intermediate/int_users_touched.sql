with

touched_rows as (

    select * from {{ ref('stg_events__touched') }}

),

touched_ids as (

    select distinct
        source_id,
        event_id
    from touched_rows

),

-- When a row leaves, the copy of its event that is staged in its place may name others.
staged_now as (

    select
        stg_events.user_id,
        stg_events.anonymous_id,
        stg_events.order_id
    from {{ ref('stg_events') }} as stg_events
    inner join touched_ids
        on stg_events.source_id = touched_ids.source_id
        and stg_events.event_id = touched_ids.event_id

),

touched_events as (

    select
        user_id,
        anonymous_id,
        order_id
    from touched_rows

    union

    select
        user_id,
        anonymous_id,
        order_id
    from staged_now

),

events as (

    select
        user_id,
        order_id
    from {{ ref('int_events_resolved') }}
    where order_id is not null

),

pairs as (

    select * from {{ ref('int_identity_pairs') }}

),

-- Whoever an anonymous id could belong to before or after the change: itself, every user
-- it is seen with now, and every user it was seen with in a row that came or went.
touched as (

    select user_id from touched_events where user_id is not null

    union

    select {{ anonymous_user_id('anonymous_id') }} as user_id
    from touched_events
    where anonymous_id is not null

    union

    select pairs.user_id
    from pairs
    inner join touched_events on pairs.anonymous_id = touched_events.anonymous_id

    union

    -- A refund may come from somebody else than the order did.
    select events.user_id
    from events
    inner join touched_events on events.order_id = touched_events.order_id

    union

    select archived.user_id
    from (
        {{ archived_rows('stg_archived_order_amounts', ['order_id']) }}
    ) as archived
    inner join touched_events on archived.order_id = touched_events.order_id

)

select user_id from touched
