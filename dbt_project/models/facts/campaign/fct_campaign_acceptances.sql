with

invite_events as (

    select * from {{ ref('fct_invite_events') }} where campaign_id is not null

),

-- An id may be on several invites: of one inviter the first of them was sent.
invites as (

    select
        campaign_id,
        invite_id,
        user_id,
        min(occurred_at) as invited_at
    from invite_events
    where role = 'invite' and invite_id is not null
    group by campaign_id, invite_id, user_id

),

ranked_invites as (

    select
        invites.*,
        row_number() over (
            partition by campaign_id, invite_id order by invited_at, user_id
        ) as invite_rank
    from invites

),

-- Whose the invite was says who invited; without it, what the acceptance says.
named as (

    select
        accepts.campaign_id,
        accepts.user_id,
        accepts.source_id,
        accepts.event_id,
        accepts.invite_id,
        coalesce(own.user_id, firsts.user_id, accepts.inviter_id) as inviter_id,
        coalesce(own.invited_at, firsts.invited_at) as invited_at,
        accepts.occurred_at
    from invite_events as accepts
    left join invites as own
        on accepts.campaign_id = own.campaign_id
        and accepts.invite_id = own.invite_id
        and accepts.inviter_id = own.user_id
    left join ranked_invites as firsts
        on accepts.campaign_id = firsts.campaign_id
        and accepts.invite_id = firsts.invite_id
        and firsts.invite_rank = 1
    where accepts.role = 'invite_accept'

),

-- Nobody is invited by themself.
ranked as (

    select
        named.*,
        row_number() over (
            partition by campaign_id, user_id order by {{ event_order() }}
        ) as acceptance_rank
    from named
    where inviter_id is distinct from user_id

),

first_activities as (

    select
        user_id,
        first_event_at
    from {{ ref('fct_user_active_days') }}
    where active_day_number = 1

),

final as (

    select
        ranked.campaign_id,
        ranked.user_id,
        ranked.inviter_id,
        ranked.invite_id,
        coalesce(invited.first_event_at >= ranked.occurred_at, true) as is_new,
        ranked.invited_at,
        inviters.first_event_at as inviter_active_at,
        ranked.occurred_at as accepted_at
    from ranked
    left join first_activities as invited on ranked.user_id = invited.user_id
    left join first_activities as inviters on ranked.inviter_id = inviters.user_id
    where ranked.acceptance_rank = 1

)

select * from final
