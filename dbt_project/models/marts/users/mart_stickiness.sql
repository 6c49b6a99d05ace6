with

dim_stickiness as (

    select * from {{ ref('dim_stickiness') }}

),

dim_stickiness_periods as (

    select * from {{ ref('dim_stickiness_periods') }}

),

counts as (

    select
        stickiness_id,
        active_intervals,
        user_count,
        period_start_date
    from {{ ref('fct_stickiness_period_counts') }}
    union all
    select
        stickiness_id,
        active_intervals,
        user_count,
        period_start_date
    from {{ ref('fct_stickiness_rolling_counts') }}
    where user_count > 0

),

reached as (

    select
        stickiness_id,
        max(active_intervals) as active_intervals,
        period_start_date
    from counts
    group by stickiness_id, period_start_date

),

-- Every number of intervals that the period has is a row. Hours, and more than 366 of
-- anything, are too many to list: there the list ends with the most that somebody
-- reached.
listed_periods as (

    select
        dim_stickiness_periods.stickiness_id,
        case
            when dim_stickiness_periods.interval_count <= 366
                then dim_stickiness_periods.interval_count
            else coalesce(reached.active_intervals, 1)
        end as last_number,
        dim_stickiness_periods.is_mature,
        dim_stickiness_periods.period_start_date,
        dim_stickiness_periods.period_end_date
    from dim_stickiness_periods
    left join reached
        on
            dim_stickiness_periods.stickiness_id = reached.stickiness_id
            and dim_stickiness_periods.period_start_date = reached.period_start_date

),

numbers as (

    {{ dbt.generate_series(16384) }}

),

histograms as (

    select
        listed_periods.stickiness_id,
        cast(numbers.generated_number as integer) as active_intervals,
        coalesce(counts.user_count, 0) as user_count,
        listed_periods.is_mature,
        listed_periods.period_start_date,
        listed_periods.period_end_date
    from listed_periods
    inner join numbers
        on numbers.generated_number <= listed_periods.last_number
    left join counts
        on
            listed_periods.stickiness_id = counts.stickiness_id
            and listed_periods.period_start_date = counts.period_start_date
            and numbers.generated_number = counts.active_intervals

),

stickiness as (

    select
        histograms.stickiness_id,
        dim_stickiness.label_en,
        dim_stickiness.label_zh,
        histograms.active_intervals,
        cast(case
            when dim_stickiness.is_cumulative then sum(histograms.user_count) over (
                partition by histograms.stickiness_id, histograms.period_start_date
                order by histograms.active_intervals desc
                rows between unbounded preceding and current row
            )
            else histograms.user_count
        end as bigint) as user_count,
        dim_stickiness.is_cumulative,
        histograms.is_mature,
        histograms.period_start_date,
        histograms.period_end_date
    from histograms
    inner join dim_stickiness
        on histograms.stickiness_id = dim_stickiness.stickiness_id

)

select * from stickiness
