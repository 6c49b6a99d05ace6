-- Good rows
insert into marts.mart_feature_adoption by name
select 'map' as feature_id, grain, 10 * days as eligible_count, 4 * days as adopter_count,
    9 * days as mature_eligible_count, 3 * days as mature_adopter_count, 0.33 as adoption_rate,
    0.1 as adoption_rate_lower, 0.6 as adoption_rate_upper, 60.0 as median_seconds_to_adopt,
    grain = 'day' as is_mature, period_start_date
from (
    select 'day' as grain, 1 as days, day_date as period_start_date from days
    union all
    select 'all' as grain, count(*) as days, null as period_start_date from days
);

-- Defect: days_add_up_to_all
delete from marts.mart_feature_adoption where period_start_date = '2024-01-05';
