with

in_part as (

    select
        user_id,
        count(*) as event_count,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from {{ ref('fct_events') }}
    where occurred_at < {{ cut('cutoff_at') }}
    group by user_id

    union all

    {{ archived_before() }}

)

select
    user_id,
    cast(sum(event_count) as bigint) as event_count,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at
from in_part
group by user_id
