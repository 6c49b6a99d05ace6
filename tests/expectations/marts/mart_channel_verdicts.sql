-- Good rows
insert into marts.mart_channel_verdicts by name
select 'order' as conversion_id, 'month' as span, channel_id, verdict_id, 1 as month_count,
    count_low as credited_count_low, count_high as credited_count_high,
    10 * count_low as credited_amount_low, 10 * count_high as credited_amount_high,
    100 as cost_amount, count_low / 10 as roas_low, count_high / 10 as roas_high,
    true as is_mature, date '2024-01-01' as period_start_date,
    date '2024-01-01' as last_month_start_date
from (values ('search', 'pays', 30.0, 40.0), ('email', 'depends', 5.0, 20.0),
    ('display', 'nobody', 0.0, 0.0)) as verdicts (channel_id, verdict_id, count_low, count_high);

-- Defect: credited_count_low_not_negative
update marts.mart_channel_verdicts set credited_count_low = -1 where channel_id = 'email';

-- Defect: least_up_to_most
update marts.mart_channel_verdicts set credited_count_low = 50 where channel_id = 'email';

-- Defect: least_up_to_most
update marts.mart_channel_verdicts set roas_low = 3 where channel_id = 'email';
