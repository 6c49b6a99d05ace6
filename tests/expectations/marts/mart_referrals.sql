-- Good rows
insert into marts.mart_referrals by name
select grain, 100 as active_user_count, 60 as inviter_count, 200 as invite_count,
    2.0 as invites_per_user, 50 as accepted_count, 200 as mature_invite_count,
    50 as mature_accepted_count, 0.25 as acceptance_rate, 0.2 as acceptance_rate_lower,
    0.3 as acceptance_rate_upper, 0.5 as k_factor, 86400.0 as median_seconds_to_accept,
    172800.0 as median_cycle_seconds, grain = 'day' as is_mature, period_start_date
from (
    select 'day' as grain, day_date as period_start_date from days
    union all
    select 'all', null
) as periods;

-- Defect: some_invites_are_accepted
update marts.mart_referrals set accepted_count = 0, mature_accepted_count = 0
where grain = 'all';
