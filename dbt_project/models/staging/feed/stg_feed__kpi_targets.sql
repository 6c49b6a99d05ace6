with

kpi_targets as (

    {{ staged_feed_rows('kpi_targets') }}

),

typed as (

    select
        {{ given_id('kpi_targets', 'kpi_id') }} as kpi_id,
        properties,
        content_hash,
        source_file,
        row_number,
        {{ parse_number('target_value', 'decimal(28, 12)') }} as target_value,
        {{ parse_date('period_start_date') }} as period_start_date,
        {{ parse_date('period_end_date') }} as period_end_date,
        {{ parse_instant(json_property('properties', "'updated_at'")) }} as updated_at
    from kpi_targets

)

select * from typed
