-- A file that the next complete build takes in has columns that the file before it had not,
-- lacks some, or gives them another type. Shown, never fatal. A log of a known tool has a key where
-- a call had it: that is no change.
{{ config(severity='warn', meta={'zh': '下一次完整构建要导入的文件，列比之前的文件多、少或类型不同；只作提示。'}) }}
select *
from {{ ref('stg_ingest_column_changes') }}
where
    load_id > {{ completed_load_id() }}
    and feed not in ('{{ events_of_exports() | join("', '") }}')
