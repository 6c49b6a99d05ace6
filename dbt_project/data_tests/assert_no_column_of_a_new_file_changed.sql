-- A file that the next complete build takes in has columns that the file before it had not,
-- lacks some, or gives them another type. Shown, never fatal.
{{ config(severity='warn') }}
select *
from {{ ref('stg_ingest_column_changes') }}
where load_id > {{ completed_load_id() }}
