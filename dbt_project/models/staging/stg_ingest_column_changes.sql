with

columns as (

    select * from {{ source('raw', 'ingest_columns') }}

),

files as (

    select
        feed,
        source_file,
        load_id,
        lag(source_file) over (partition by feed order by load_id) as previous_file
    from {{ source('raw', 'ingest_files') }}
    where status = 'loaded' and rows_in > 0

),

-- What a file has, and what the file before it had.
compared as (

    select
        files.feed,
        files.source_file,
        files.previous_file,
        files.load_id,
        columns.column_name,
        columns.column_type,
        cast(null as {{ dbt.type_string() }}) as previous_type
    from files
    inner join columns
        on files.feed = columns.feed
        and files.source_file = columns.source_file
    where files.previous_file is not null

    union all

    select
        files.feed,
        files.source_file,
        files.previous_file,
        files.load_id,
        columns.column_name,
        cast(null as {{ dbt.type_string() }}) as column_type,
        columns.column_type as previous_type
    from files
    inner join columns
        on files.feed = columns.feed
        and files.previous_file = columns.source_file

),

paired as (

    select
        feed,
        source_file,
        previous_file,
        column_name,
        max(column_type) as column_type,
        max(previous_type) as previous_type,
        load_id
    from compared
    group by feed, source_file, previous_file, column_name, load_id

),

changes as (

    select
        feed,
        source_file,
        previous_file,
        column_name,
        case
            when previous_type is null then 'new'
            when column_type is null then 'vanished'
            else 'changed type'
        end as change,
        column_type,
        previous_type,
        load_id
    from paired
    where
        column_type is null
        or previous_type is null
        or column_type <> previous_type

)

select * from changes
