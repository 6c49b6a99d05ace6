with

events as (

    select
        events.source_id,
        events.event_id,
        events.user_id,
        events.event_name,
        events.is_activity,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    {{ join_recomputed('funnel_user', 'events', 'occurred_at') }}
    where
        events.event_name in (
            select names.event_name
            from {{ ref('dim_selector_names') }} as names
            where names.definition = 'funnel' and {{ is_of_scope('names') }}
        )
        {%- if funnels_ask('any_activity') %}
        or events.is_activity
        {%- endif %}

),

numbered as (

    select
        users.user_number,
        events.*
    from events
    inner join {{ ref('step_funnel_users') }} as users on events.user_id = users.user_id

),

-- Sorted once for all funnels: whatever serves one stands in this order.
ordered as (

    select
        numbered.*,
        row_number() over in_order as event_rank,
        lag(occurred_at) over in_order as previous_at,
        lead(occurred_at) over in_order as next_at
    from numbered
    window in_order as (partition by user_number order by occurred_at, source_id, event_id)

)

select
    user_number,
    user_id,
    source_id,
    event_id,
    event_name,
    is_activity,
    event_rank,
    coalesce(occurred_at in (previous_at, next_at), false) as has_shared_instant,
    occurred_at
from ordered
