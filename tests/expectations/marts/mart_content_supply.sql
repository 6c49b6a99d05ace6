-- Good rows
insert into marts.mart_content_supply by name
select 'day' as grain, dimension, dimension_value, pieces as planned_count,
    pieces as planned_published_count, pieces as on_time_count, pieces as submitted_count,
    pieces as reviewed_count, pieces as passed_first_count, 1 as first_pass_rate,
    0.5 as first_pass_rate_lower, 1 as first_pass_rate_upper, pieces as published_count,
    pieces as original_known_count, pieces as original_count, 1 as original_rate,
    0.5 as original_rate_lower, 1 as original_rate_upper, 60 as median_cycle_seconds,
    9 * pieces as live_count, pieces as stale_count, 0.11 as stale_rate,
    0.05 as stale_rate_lower, 0.2 as stale_rate_upper, true as is_mature,
    day_date as period_start_date
from days
cross join (
    values ('all', null, 5), ('origin', 'ugc', 3), ('origin', '', 2)
) as parts (dimension, dimension_value, pieces);

-- Defect: dimensions_add_up_to_all
delete from marts.mart_content_supply where dimension_value = '' and period_start_date = '2024-01-05';
