-- Good rows
insert into marts.mart_campaign_invites by name
select 'friends' as campaign_id, 100 as participant_count, 60 as inviter_count,
    200 as invite_count, 60 as accepted_count, 50 as accepted_new_count,
    2.0 as invites_per_participant, 0.25 as acceptance_rate, 0.5 as k_factor,
    86400.0 as median_seconds_to_accept, 172800.0 as median_cycle_seconds;

-- Defect: acceptances_name_invites
update marts.mart_campaign_invites set median_seconds_to_accept = null;
