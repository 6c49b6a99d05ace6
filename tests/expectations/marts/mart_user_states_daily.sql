-- Good rows
insert into marts.mart_user_states_daily by name
select state_id, user_count, is_active, true as is_mature, day_date as activity_date
from days cross join (values ('current', 60, true), ('at_risk_wau', 60, false))
    as states (state_id, user_count, is_active);

-- Defect: active_states_sum_to_dau
update marts.mart_user_states_daily set user_count = 59
where activity_date = '2024-01-05' and state_id = 'current';
