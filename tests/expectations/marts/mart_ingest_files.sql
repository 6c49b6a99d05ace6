-- Good rows
insert into marts.mart_ingest_files by name
select feed, source_file, 'loaded' as status, rows_in as row_count,
    rows_staged as staged_row_count, rows_duplicate as duplicate_row_count,
    rows_quarantined as quarantined_row_count, rows_quarantined / rows_in as quarantined_rate
from staging.stg_ingest_ledger;

-- Defect: every_file_of_the_ledger
delete from marts.mart_ingest_files where source_file like '%2024-01-05%';
