{{ config(materialized='view') }}
with

files as (

    select
        feed,
        source_file,
        load_id
    from {{ source('raw', 'ingest_files') }}

),

columns as (

    select * from {{ source('raw', 'ingest_columns') }}

)

select
    files.load_id,
    lower(columns.column_name) as column_name,
    max(columns.column_type) as column_type
from columns
inner join files
    on columns.feed = files.feed
    and columns.source_file = files.source_file
where
    lower(columns.column_name) like '%id'
    and (columns.column_type like '%DOUBLE%' or columns.column_type = 'FLOAT')
group by files.load_id, lower(columns.column_name)
