select
    step_events.funnel_id,
    users.user_id,
    coalesce(threads.thread_id, '') as thread_id,
    step_events.source_id,
    step_events.event_id,
    step_events.breakdown_value,
    threads.thread_breakdown_value,
    step_events.step_number,
    step_events.exclusion_number,
    step_events.event_rank,
    step_events.occurred_at
from {{ ref('step_funnel_step_events') }} as step_events
inner join {{ ref('step_funnel_users') }} as users on step_events.user_number = users.user_number
left join {{ ref('step_funnel_threads') }} as threads on step_events.stream_id = threads.stream_id
