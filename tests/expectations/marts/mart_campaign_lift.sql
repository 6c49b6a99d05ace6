-- Good rows
insert into marts.mart_campaign_lift by name
select 'spring' as campaign_id, 'joined' as measure_id, 'mail' as variant, method,
    900 as user_count, 100 as control_user_count, 0.03 as difference, 0.02 as standard_error,
    -0.01 as difference_low, 0.07 as difference_high, 0.12 as p_value,
    false as is_small_sample, true as is_mature
from (values ('unadjusted'), ('cuped')) as methods (method);

-- Defect: user_count_not_negative
update marts.mart_campaign_lift set user_count = -1;

-- Defect: control_user_count_not_negative
update marts.mart_campaign_lift set control_user_count = -1;

-- Defect: standard_error_not_negative
update marts.mart_campaign_lift set standard_error = -0.02;

-- Defect: p_value_between_0_and_1
update marts.mart_campaign_lift set p_value = 2;

-- Defect: differences_are_within_their_interval
update marts.mart_campaign_lift set difference = 0.08 where method = 'cuped';
