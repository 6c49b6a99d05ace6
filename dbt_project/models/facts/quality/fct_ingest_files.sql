with

ledger as (

    select * from {{ ref('stg_ingest_ledger') }}

)

select
    feed,
    source_file,
    status,
    error,
    notes,
    cast(coalesce(rows_in, 0) as bigint) as row_count,
    cast(rows_staged as bigint) as staged_row_count,
    cast(rows_duplicate as bigint) as duplicate_row_count,
    cast(rows_quarantined as bigint) as quarantined_row_count,
    first_loaded_at
from ledger
