-- Good rows
insert into marts.mart_feature_usage by name
select 'map' as feature_id, 'day' as grain, 60 as active_user_count, 10 + day % 3 as user_count,
    0.2 as usage_rate, 0.1 as usage_rate_lower, 0.3 as usage_rate_upper, 20 as use_count,
    1.8 as uses_per_user, 2 as new_adopter_count,
    case when day > 0 then 10 + (day - 1) % 3 else 0 end as previous_user_count,
    case when day > 0 then 8 else 0 end as retained_user_count, 0.8 as retention_rate,
    0.5 as retention_rate_lower, 0.9 as retention_rate_upper, true as is_mature,
    day_date as period_start_date
from days;

-- Defect: users_before_are_those_of_the_row_before
delete from marts.mart_feature_usage where period_start_date = '2024-01-05';
