-- Good rows
insert into marts.mart_event_freshness by name
select 'events' as source_id, event_name, 0 as silent_day_count, 1.0 as usual_gap_days,
    0.0 as missed_event_count, false as is_late, date '2024-02-29' as last_event_date,
    timestamp '2024-02-29 10:00:00' as last_event_at,
    timestamp '2024-03-01 06:00:00' as data_through_at
from (values ('page_viewed'), (null)) as names (event_name);

-- Defect: nothing_is_late
update marts.mart_event_freshness
set is_late = true, explanation_en = 'page_viewed: none since Monday.'
where event_name is not null;
