with

fct_quarantined_rows as (

    select * from {{ ref('fct_quarantined_rows') }}

),

dim_quarantine_reasons as (

    select * from {{ ref('dim_quarantine_reasons') }}

),

counted as (

    select
        feed,
        source_file,
        reason,
        count(*) as row_count,
        max(file_row_count) as file_row_count,
        min(row_number) as first_row_number,
        max(row_number) as last_row_number,
        max(first_loaded_at) as first_loaded_at
    from fct_quarantined_rows
    group by feed, source_file, reason

),

explained as (

    select
        counted.feed,
        counted.source_file,
        counted.reason,
        dim_quarantine_reasons.mend_en,
        dim_quarantine_reasons.mend_zh,
        counted.row_count,
        counted.file_row_count,
        {{ rate('counted.row_count', 'counted.file_row_count') }} as quarantined_rate,
        counted.first_row_number,
        counted.last_row_number,
        counted.first_loaded_at
    from counted
    left join dim_quarantine_reasons on counted.reason = dim_quarantine_reasons.reason

)

select * from explained
