-- Made after int_scope__causes, which compares what is known of people with what was.
-- depends_on: {{ ref('int_scope__causes') }}
with

latest as (

    select * from {{ ref('int_users_latest') }}

),

seen_in_part as (

    select
        user_id,
        count(*) as event_count,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from {{ ref('fct_events') }}
    group by user_id

    {{ union_archived('arc_users', {
        'user_id': 'key', 'event_count': 'sum',
        'first_event_at': 'min', 'last_event_at': 'max',
    }) }}

),

seen as (

    select
        user_id,
        cast(sum(event_count) as bigint) as event_count,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at
    from seen_in_part
    group by user_id

),

users as (

    select
        coalesce(latest.user_id, seen.user_id) as user_id,
        latest.properties,
        coalesce(seen.event_count, 0) as event_count,
        latest.user_id is null and seen.user_id like 'anon:%' as is_anonymous,
        latest.created_at,
        latest.updated_at,
        seen.first_event_at,
        seen.last_event_at
    from latest
    full outer join seen on latest.user_id = seen.user_id

)

select
    user_id,
    properties,
    event_count,
    is_anonymous,
    created_at,
    updated_at,
    first_event_at,
    last_event_at
from users
