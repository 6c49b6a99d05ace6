with

in_part as (

    select
        events.user_id,
        count(*) as event_count,
        min(events.occurred_at) as first_event_at,
        max(events.occurred_at) as last_event_at,
        min(case when event_names.is_key_action then events.occurred_at end)
            as first_key_action_at
    from {{ ref('fct_events') }} as events
    left join {{ ref('dim_event_names') }} as event_names
        on events.event_name = event_names.event_name
    where events.occurred_at < {{ cut('cutoff_at') }}
    group by events.user_id

    union all

    {{ archived_before() }}

)

select
    user_id,
    cast(sum(event_count) as bigint) as event_count,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at,
    min(first_key_action_at) as first_key_action_at
from in_part
group by user_id
