with

touched_events as (

    select distinct
        user_id,
        anonymous_id,
        order_id
    from {{ ref('stg_events__touched') }}

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

)

select user_id from touched
