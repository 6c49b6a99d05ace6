-- Good rows
insert into marts.mart_funnel_conversion by name
select 'checkout' as funnel_id, 'all' as grain, null as period_start_date,
    null as breakdown_value, step_number, 2000 as entrant_count, reached_count,
    1500 as mature_entrant_count, least(reached_count, 1500) as mature_reached_count,
    mature_previous_count, least(reached_count, 1500) / 1500 as rate_from_start,
    least(reached_count, 1500) / mature_previous_count as rate_from_previous,
    60.0 as mean_seconds_from_previous, 50.0 as median_seconds_from_previous,
    90.0 as p90_seconds_from_previous, true as is_mature
from (values (1, 2000, null), (2, 900, 1500), (3, 100, 900))
    as steps (step_number, reached_count, mature_previous_count);

-- Defect: mature_within_all
update marts.mart_funnel_conversion set mature_entrant_count = entrant_count + 1;

-- Defect: never_widens
update marts.mart_funnel_conversion set mature_previous_count = 99
where step_number = 3;

-- Defect: somebody_completes
update marts.mart_funnel_conversion
set reached_count = 0, mature_reached_count = 0 where step_number = 3;
