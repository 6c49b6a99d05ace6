-- Good rows
insert into raw.events by name
select
    'events/' || day_date || '.jsonl' as source_file,
    row_number() over (partition by day) as row_number,
    day + 1 as load_id,
    user_id || '-' || day || '-' || range as event_id,
    'page_viewed' as event_name,
    strftime(day_date + interval 10 hour, '%Y-%m-%dT%H:%M:%SZ') as occurred_at,
    user_id
from active cross join range(0, 2);

-- Defect: volume_did_not_collapse
delete from raw.events where occurred_at like '2024-02-29%' and row_number > 5;

-- Defect: newest_load_is_newer
update raw.events set occurred_at = '2024-01-05 00:00:00' where load_id = 60;
