with

dim_lifecycle_stages as (

    select * from {{ ref('dim_lifecycle_stages') }}

),

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

fct_activity_gap_percentiles as (

    select * from {{ ref('fct_activity_gap_percentiles') }}

),

months as (

    select distinct month_start_date from dim_dates

),

-- Before any gap has closed (a first month) the fixed limits are all there is.
dormancy_limits as (

    select
        months.month_start_date,
        coalesce(fct_activity_gap_percentiles.gap_count, 0) as gap_count,
        fct_activity_gap_percentiles.gap_days_p90,
        case
            when dim_lifecycle_stages.mode = 'calibrated' then greatest(
                7,
                coalesce(
                    fct_activity_gap_percentiles.gap_days_p80,
                    dim_lifecycle_stages.silent_over_days
                )
            )
            else dim_lifecycle_stages.silent_over_days
        end as dormancy_days,
        dim_lifecycle_stages.mode
    from months
    inner join dim_lifecycle_stages
        on dim_lifecycle_stages.stage_id = 'dormancy'
    left join fct_activity_gap_percentiles
        on months.month_start_date = fct_activity_gap_percentiles.month_start_date

),

limits as (

    select
        'dormancy' as stage_id,
        mode,
        cast(gap_count as bigint) as gap_count,
        cast(dormancy_days as integer) as silent_over_days,
        month_start_date
    from dormancy_limits
    union all
    select
        'churn' as stage_id,
        dim_lifecycle_stages.mode,
        cast(dormancy_limits.gap_count as bigint) as gap_count,
        cast(case
            when dim_lifecycle_stages.mode = 'calibrated' then greatest(
                dormancy_limits.dormancy_days + 1,
                coalesce(
                    dormancy_limits.gap_days_p90, dim_lifecycle_stages.silent_over_days
                )
            )
            else dim_lifecycle_stages.silent_over_days
        end as integer) as silent_over_days,
        dormancy_limits.month_start_date
    from dormancy_limits
    inner join dim_lifecycle_stages
        on dim_lifecycle_stages.stage_id = 'churn'

)

select * from limits
