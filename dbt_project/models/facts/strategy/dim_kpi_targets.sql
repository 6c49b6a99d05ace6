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
        end as grain,
        row_number() over (
            partition by kpi_id, period_start_date, period_end_date
            order by updated_at desc nulls last, content_hash desc
        ) as version_number
    from targets

),

latest as (

    select
        kpi_id,
        grain,
        target_value,
        period_start_date
    from grained
    where version_number = 1 and grain is not null

)

select * from latest
