-- Good rows
insert into marts.mart_channel_acquisition by name
select grain, 'search' as channel_id, 3 as new_user_count, 1 as new_customer_count,
    100 as impression_count, 10 as click_count, 20 as net_amount, 6 as cost_amount,
    2.0 as cost_per_new_user, 6.0 as cac_amount, true as is_mature,
    date '2024-01-01' as period_start_date
from (values ('day'), ('week'), ('month')) as grains (grain);

-- Defect: grains_add_up_to_the_same
update marts.mart_channel_acquisition set new_user_count = 4 where grain = 'week';
