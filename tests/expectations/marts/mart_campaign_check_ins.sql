-- Good rows
insert into marts.mart_campaign_check_ins by name
select 'autumn' as campaign_id, *
from (values (1, 10, 8, 6, 0.75, 1.0), (2, 6, 6, 0, 0.0, 0.75)) as days
    (day_number, streak_count, at_risk_count, continued_count, continuation_rate, survival_rate);

-- Defect: what_goes_on_reaches_the_next_day
update marts.mart_campaign_check_ins set continued_count = 5 where day_number = 1;
