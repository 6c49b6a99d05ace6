with

sessions as (

    select *
    from {{ ref('fct_sessions') }}
    where started_at < {{ cut('cutoff_at') }} and ended_at >= {{ cut('cutoff_at') }}

),

-- Of a session that goes on after the cut, what was seen before it.
events as (

    select events.*
    from {{ ref('step_page_events') }} as events
    inner join sessions on events.session_id = sessions.session_id
    where events.occurred_at < {{ cut('cutoff_at') }}

),

counted as (

    {{ session_pages('events') }}

)

select
    counted.user_id,
    counted.session_id,
    counted.page,
    counted.element,
    counted.event_count,
    counted.is_entry,
    counted.is_exit,
    sessions.started_at,
    sessions.ended_at
from counted
inner join sessions on counted.session_id = sessions.session_id

union all

{{ rows_before_the_cut('fct_session_pages', 'ended_at', 'cutoff_at') }}
