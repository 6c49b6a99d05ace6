-- Good rows
insert into marts.mart_event_volume_daily by name
select 'events' as source_id, event_name, 120 as event_count, 120.0 as expected_count,
    85 as lower_count, 162 as upper_count, least(8, day // 7) as history_day_count,
    false as is_anomalous, true as is_mature, day_date as event_date
from days cross join (values ('page_viewed'), (null)) as names (event_name);

-- Defect: names_sum_to_their_source
update marts.mart_event_volume_daily set event_count = 119
where event_date = '2024-01-05' and event_name is null;

-- Defect: volume_is_usual
update marts.mart_event_volume_daily
set is_anomalous = true, explanation_en = 'page_viewed: 3, fewer than usual.'
where event_date = '2024-02-28' and event_name is not null;
