with

kpi_targets as (

    {{ staged_feed_rows('kpi_targets') }}

),

typed as (

    select
        {{ given_id('kpi_targets', 'kpi_id') }} as kpi_id,
        properties,
        content_hash,
        {{ try_cast('target_value', 'decimal(18, 4)') }} as target_value,
        {{ try_cast('period_start_date', 'date') }} as period_start_date,
        {{ try_cast('period_end_date', 'date') }} as period_end_date
    from kpi_targets

)

select * from typed
