-- Good rows
insert into marts.mart_channel_cohort_value by name
select channel_id, 0 as day_number, cohort_size, cohort_size as eligible_count,
    10 * cohort_size as mature_net_amount, 5 * cohort_size as cost_amount,
    10.0 as net_amount_per_user, 5.0 as cost_per_new_user, 0 as payback_days, true as is_mature,
    date '2024-01-01' as cohort_start_date
from (values ('search', 3), ('email', 1), (null, 4)) as cohorts (channel_id, cohort_size);

-- Defect: channels_are_all_users
update marts.mart_channel_cohort_value set cohort_size = 5 where channel_id is null;
