with

events as (

    select * from {{ ref('fct_events') }}

),

event_names as (

    select
        event_name,
        role
    from {{ ref('dim_event_names') }}
    where role in ('page_view', 'element_click')

)

select
    events.user_id,
    events.session_id,
    events.source_id,
    events.event_id,
    events.page,
    case
        when event_names.role = 'element_click'
            then coalesce({{ json_property('events.properties', "'element'") }}, '')
    end as element,
    events.occurred_at
from events
inner join event_names on events.event_name = event_names.event_name
where events.session_id is not null and {{ trimmed('events.page') }} <> ''
