with

-- Who was active so short a time before the cut that a session may go on after it.
last_activity as (

    select
        user_id,
        max(last_event_at) as last_activity_at
    from {{ ref('fct_user_days') }}
    where activity_date < {{ cut('cutoff_date') }}
    group by user_id
    having
        max(last_event_at)
        >= {{ dbt.dateadd('hour', -var('session_max_hours'), cut('cutoff_at')) }}

)

select
    last_activity.user_id,
    max(session_starts.started_at) as started_at,
    max(last_activity.last_activity_at) as last_activity_at
from last_activity
inner join {{ ref('int_session_starts') }} as session_starts
    on last_activity.user_id = session_starts.user_id
    and last_activity.last_activity_at >= session_starts.started_at
group by last_activity.user_id
