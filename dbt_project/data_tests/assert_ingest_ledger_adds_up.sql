-- Each row of each file is staged, a duplicate, or quarantined; none is lost or doubled.
select *
from {{ ref('stg_ingest_ledger') }}
where
    not coalesce(rows_in = rows_staged + rows_duplicate + rows_quarantined, false)
