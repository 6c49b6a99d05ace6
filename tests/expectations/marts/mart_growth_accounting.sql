-- Good rows
insert into marts.mart_growth_accounting by name
select 'any' as activity_id, 'day' as grain, 0 as new_user_count, 10 as retained_user_count,
    50 as resurrected_user_count, 50 as churned_user_count, 60 as active_user_count,
    1.0 as quick_ratio, true as is_mature, day_date as period_start_date
from days;
insert into marts.mart_growth_accounting by name
select 'any' as activity_id, 'month' as grain, 0 as new_user_count,
    1000 as retained_user_count, 20 as resurrected_user_count, 300 as churned_user_count,
    1020 as active_user_count, 20 / 300 as quick_ratio, true as is_mature,
    date '2024-02-01' as period_start_date;

-- Defect: active_is_the_sum_of_its_kinds
update marts.mart_growth_accounting set active_user_count = 61
where period_start_date = '2024-01-05';

-- Defect: not_everybody_left
update marts.mart_growth_accounting
set retained_user_count = 1, active_user_count = 21 where grain = 'month';
