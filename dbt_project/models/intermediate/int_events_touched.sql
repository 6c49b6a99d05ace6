with

touched_rows as (

    select * from {{ ref('stg_events__touched') }}

),

staged as (

    select * from {{ ref('stg_events') }}

),

touched_ids as (

    select distinct
        source_id,
        event_id
    from touched_rows

),

-- When a row leaves, the copy of its event that is staged in its place may name others.
touched as (

    select
        user_id,
        anonymous_id,
        order_id,
        occurred_at
    from touched_rows

    union

    select
        staged.user_id,
        staged.anonymous_id,
        staged.order_id,
        staged.occurred_at
    from staged
    inner join touched_ids
        on staged.source_id = touched_ids.source_id
        and {{ given_event_id('staged') }} = touched_ids.event_id

)

select
    user_id,
    anonymous_id,
    order_id,
    occurred_at
from touched
where occurred_at is not null
