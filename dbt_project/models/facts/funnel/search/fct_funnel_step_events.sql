with

threaded as (

    select * from {{ ref('fct_funnel_threaded_events') }}

),

users as (

    select * from {{ ref('fct_funnel_users') }}

),

threads as (

    select * from {{ ref('fct_funnel_threads') }}

),

streams as (

    select
        threaded.funnel_id,
        users.user_number,
        coalesce(threads.stream_id, users.user_number * 100000 + threaded.funnel_number)
            as stream_id,
        threaded.source_id,
        threaded.event_id,
        threaded.breakdown_value,
        threaded.step_number,
        threaded.exclusion_number,
        threaded.occurred_at
    from threaded
    inner join users on threaded.user_id = users.user_id
    left join threads
        on threaded.funnel_id = threads.funnel_id
        and threaded.user_id = threads.user_id
        and threaded.thread_id = threads.thread_id

),

-- Rows of one event are of one instant, whichever stands first: one sort serves all three.
ordered as (

    select
        streams.*,
        dense_rank() over in_order as event_rank,
        lag(occurred_at) over in_order as previous_at,
        lead(occurred_at) over in_order as next_at
    from streams
    window in_order as (partition by stream_id order by occurred_at, source_id, event_id)

)

select
    funnel_id,
    user_number,
    stream_id,
    source_id,
    event_id,
    breakdown_value,
    step_number,
    exclusion_number,
    event_rank,
    coalesce(occurred_at in (previous_at, next_at), false) as has_shared_instant,
    occurred_at
from ordered
