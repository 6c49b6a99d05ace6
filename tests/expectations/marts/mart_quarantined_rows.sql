-- Good rows
insert into marts.mart_quarantined_rows by name
select feed, source_file, 'unparseable_occurred_at' as reason, 'Mend it.' as mend_en,
    rows_quarantined as row_count, rows_in as file_row_count,
    rows_quarantined / rows_in as quarantined_rate, 3 as first_row_number, 4 as last_row_number
from staging.stg_ingest_ledger where rows_quarantined > 0;

-- Defect: as_many_as_the_ledger_says
update marts.mart_quarantined_rows set row_count = 3;
