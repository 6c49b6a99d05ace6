-- Good rows
insert into raw.ingest_files by name
select
    'events' as feed, source_file, load_id, 'loaded' as status, count(*) as rows_in
from raw.events group by source_file, load_id;

-- Defect: not_older_than_the_last_build
insert into raw.build_watermarks values (61, 'c', '2024-03-01 08:00:00');

-- Defect: files_mostly_readable
update raw.ingest_files set status = 'failed' where load_id % 3 > 0;

-- Defect: rows_mostly_staged
update staging.stg_ingest_ledger set rows_quarantined = 100, rows_staged = 20;

-- Defect: every_file_readable
update raw.ingest_files set status = 'failed', error = 'HTML' where load_id = 7;

-- Defect: most_of_a_file_is_usable
update staging.stg_ingest_ledger
set rows_in = 3, rows_staged = 1, rows_quarantined = 2
where source_file like '%-05%';

-- Defect: files_as_large_as_usual
update raw.ingest_files set rows_in = 3 where load_id = 60;
