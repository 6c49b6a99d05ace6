with

targets as (

    select * from {{ ref('stg_feed__kpi_targets') }}

),

-- A period is told by both its ends.
grained as (

    select
        targets.*,
        case
            when period_end_date = period_start_date then 'day'
            when
                period_start_date = {{ week_start('period_start_date') }}
                and period_end_date = {{ days_after('period_start_date', '6') }}
                then 'week'
            when
                period_start_date = {{ month_start('period_start_date') }}
                and period_end_date = cast({{ dbt.dateadd(
                    'day', -1, dbt.dateadd('month', 1, 'period_start_date')
                ) }} as date)
                then 'month'
        end as grain
    from targets

),

versioned as (

    select
        grained.*,
        row_number() over (
            partition by kpi_id, grain, period_start_date
            order by updated_at desc nulls last, content_hash desc
        ) as version_number
    from grained

)

select
    kpi_id,
    grain,
    source_file,
    row_number,
    target_value,
    period_start_date
from versioned
where version_number = 1 or grain is null
