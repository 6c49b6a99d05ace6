-- Good rows
insert into marts.mart_creators by name
select 'day' as grain, 6 as active_creator_count, case when day = 0 then 6 else 1 end as new_creator_count,
    case when day = 0 then 0 else 4 end as retained_creator_count,
    case when day = 0 then 0 else 1 end as resurrected_creator_count,
    case when day = 0 then 0 else 2 end as lost_creator_count, 8 as published_count,
    10 as reward_amount, 4 as finished_read_count, 2.5 as reward_per_finished_read,
    true as is_mature, day_date as period_start_date
from days;

-- Defect: active_is_the_sum_of_its_kinds
update marts.mart_creators set new_creator_count = 2 where period_start_date = '2024-01-05';

-- Defect: who_was_there_stays_or_leaves
update marts.mart_creators set lost_creator_count = 3 where period_start_date = '2024-01-05';
