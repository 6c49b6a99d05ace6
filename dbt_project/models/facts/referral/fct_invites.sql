with

invites as (

    select * from {{ ref('fct_invite_events') }} where role = 'invite'

),

users as (

    select
        user_id,
        first_event_at
    from {{ ref('dim_users') }}

),

final as (

    select
        invites.source_id,
        invites.event_id,
        invites.invite_id,
        invites.user_id,
        acceptances.accepted_user_id,
        invites.event_date as invited_date,
        users.first_event_at as inviter_first_event_at,
        invites.occurred_at as invited_at,
        acceptances.accepted_at
    from invites
    left join {{ ref('step_invite_acceptances') }} as acceptances
        on invites.source_id = acceptances.source_id
        and invites.event_id = acceptances.event_id
    left join users on invites.user_id = users.user_id

)

select * from final
