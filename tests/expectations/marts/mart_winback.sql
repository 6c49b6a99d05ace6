-- Good rows
insert into marts.mart_winback by name
select 'day' as grain, 'churn' as stage_id, dimension, dimension_value, silent_count,
    2 as returned_count, silent_count as mature_silent_count, 2 as mature_returned_count,
    1 as touched_returned_count, 2 / silent_count as return_rate, 0.1 as return_rate_lower,
    0.9 as return_rate_upper, true as is_mature, day_date as period_start_date
from days
cross join (
    values ('all', null, 5), ('last_feature', 'map', 3), ('last_feature', '', 2)
) as parts (dimension, dimension_value, silent_count);

-- Defect: dimensions_add_up_to_all
delete from marts.mart_winback where dimension_value = '' and period_start_date = '2024-01-05';
