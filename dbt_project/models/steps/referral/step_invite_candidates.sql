{{ config(materialized='table') }}
with

invites as (

    select * from {{ ref('fct_invite_events') }} where role = 'invite'

),

-- Whoever was there before the invite is not brought by it.
candidates as (

    select
        invites.source_id,
        invites.event_id,
        accepts.user_id as accepted_user_id,
        accepts.occurred_at as accepted_at,
        row_number() over (
            order by
                accepts.occurred_at, accepts.source_id, accepts.event_id,
                invites.occurred_at desc, invites.source_id, invites.event_id
        ) as candidate_number
    from {{ ref('fct_invite_events') }} as accepts
    inner join invites
        on accepts.invite_id = invites.invite_id
        and accepts.user_id <> invites.user_id
        and accepts.occurred_at >= invites.occurred_at
        and accepts.occurred_at <= {{ add_seconds(
            'invites.occurred_at', var('invite_window_days') * 86400
        ) }}
    inner join {{ ref('dim_users') }} as users
        on accepts.user_id = users.user_id
        and invites.occurred_at <= users.first_event_at
    where accepts.role = 'invite_accept'

)

select * from candidates
