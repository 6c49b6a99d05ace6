with

fct_ingest_files as (

    select * from {{ ref('fct_ingest_files') }}

),

files as (

    select
        feed,
        source_file,
        status,
        error,
        notes,
        row_count,
        staged_row_count,
        duplicate_row_count,
        quarantined_row_count,
        {{ rate('quarantined_row_count', 'row_count') }} as quarantined_rate,
        first_loaded_at
    from fct_ingest_files

)

select * from files
