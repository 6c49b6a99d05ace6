-- Good rows
insert into marts.mart_funnel_trends by name
select 'checkout' as funnel_id, 'day' as grain, null as breakdown_value, 100 as entrant_count,
    50 as converted_count, 90 as mature_entrant_count, 45 as mature_converted_count,
    0.5 as conversion_rate, false as is_mature, day_date as period_start_date,
    day_date::timestamp as period_start_at
from days;

-- Defect: mature_within_all
update marts.mart_funnel_trends set mature_entrant_count = entrant_count + 1;

-- Defect: no_day_missing
delete from marts.mart_funnel_trends where period_start_date = '2024-01-05';
