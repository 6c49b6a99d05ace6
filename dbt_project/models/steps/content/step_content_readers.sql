with

moments as (

    select * from {{ ref('step_content_moments') }}

),

readers as (

    select
        content_id,
        user_id,
        min(window_days) as window_days
    from moments
    where role = 'read_start'
    group by content_id, user_id

),

interactions as (

    select
        content_id,
        user_id,
        min(window_days) as window_days
    from moments
    where role in ('{{ content_counts()['interaction_count'][0] | join("', '") }}')
    group by content_id, user_id

),

opens as (

    select distinct
        content_id,
        user_id
    from {{ ref('fct_content_events') }}
    where role = 'share_open'

),

-- Of those who ever opened a share, the first thing that they had to do with the piece.
firsts as (

    select
        events.content_id,
        events.user_id,
        min_by(events.role, {{ struct_of(['occurred_at', 'source_id', 'event_id']) }}) as role
    from {{ ref('fct_content_events') }} as events
    inner join opens
        on events.content_id = opens.content_id
        and events.user_id = opens.user_id
    group by events.content_id, events.user_id

)

select
    readers.content_id,
    readers.user_id,
    readers.window_days,
    case
        when interactions.window_days > readers.window_days then interactions.window_days
        when interactions.window_days is not null then readers.window_days
    end as interaction_window_days,
    interactions.user_id is not null as has_interacted,
    coalesce(firsts.role = 'share_open', false) as is_shared_in
from readers
left join interactions
    on readers.content_id = interactions.content_id
    and readers.user_id = interactions.user_id
left join firsts
    on readers.content_id = firsts.content_id
    and readers.user_id = firsts.user_id
