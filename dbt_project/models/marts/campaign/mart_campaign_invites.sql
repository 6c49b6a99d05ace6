with

campaign_events as (

    select * from {{ ref('fct_campaign_events') }}

),

campaigns as (

    {{ campaigns_of('invite', ['invite', 'invite_accept']) }}

),

taken_part as (

    select
        campaign_id,
        count(
            distinct case when is_activity and role is distinct from 'invite_accept' then user_id end
        ) as participant_count,
        count(distinct case when role = 'invite' then user_id end) as inviter_count,
        count(case when role = 'invite' then 1 end) as invite_count
    from campaign_events
    group by campaign_id

),

-- Clocks that are wrong may put what follows first: such a time says nothing.
acceptances as (

    select
        campaign_id,
        is_new,
        case
            when is_new and accepted_at >= invited_at
                then {{ microseconds_between('invited_at', 'accepted_at') }}
        end as microseconds_to_accept,
        case
            when is_new and accepted_at >= inviter_active_at
                then {{ microseconds_between('inviter_active_at', 'accepted_at') }}
        end as cycle_microseconds
    from {{ ref('fct_campaign_acceptances') }}

),

accepted as (

    select
        campaign_id,
        count(*) as accepted_count,
        count(case when is_new then 1 end) as accepted_new_count,
        percentile_cont(0.5) within group (order by microseconds_to_accept)
            as median_microseconds_to_accept,
        percentile_cont(0.5) within group (order by cycle_microseconds)
            as median_cycle_microseconds
    from acceptances
    group by campaign_id

),

counted as (

    select
        campaigns.campaign_id,
        coalesce(taken_part.participant_count, 0) as participant_count,
        coalesce(taken_part.inviter_count, 0) as inviter_count,
        coalesce(taken_part.invite_count, 0) as invite_count,
        coalesce(accepted.accepted_count, 0) as accepted_count,
        coalesce(accepted.accepted_new_count, 0) as accepted_new_count,
        accepted.median_microseconds_to_accept,
        accepted.median_cycle_microseconds
    from campaigns
    left join taken_part on campaigns.campaign_id = taken_part.campaign_id
    left join accepted on campaigns.campaign_id = accepted.campaign_id

),

final as (

    select
        campaign_id,
        participant_count,
        inviter_count,
        invite_count,
        accepted_count,
        accepted_new_count,
        {{ rate('invite_count', 'participant_count') }} as invites_per_participant,
        {{ rate('accepted_new_count', 'invite_count') }} as acceptance_rate,
        {{ rate('accepted_new_count', 'participant_count') }} as k_factor,
        cast(median_microseconds_to_accept / 1000000.0 as double) as median_seconds_to_accept,
        cast(median_cycle_microseconds / 1000000.0 as double) as median_cycle_seconds
    from counted

)

select * from final
