-- Good rows
insert into marts.mart_campaign_daily by name
select 'spring' as campaign_id, exposed_user_count, 10.0 as cost_amount, cost_amount_to_date,
    elapsed_rate, 'on_track' as risk_level, true as is_mature, activity_date
from (values (5, 10.0, 0.5, date '2024-01-01'), (8, 20.0, 1.0, date '2024-01-02'))
    as days (exposed_user_count, cost_amount_to_date, elapsed_rate, activity_date);

-- Defect: exposed_user_count_not_negative
update marts.mart_campaign_daily set exposed_user_count = -1;

-- Defect: elapsed_rate_between_0_and_1
update marts.mart_campaign_daily set elapsed_rate = 1.5;

-- Defect: costs_add_up
update marts.mart_campaign_daily set cost_amount_to_date = 11;
