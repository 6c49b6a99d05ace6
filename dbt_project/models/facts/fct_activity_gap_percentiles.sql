with

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

fct_active_day_gaps as (

    select * from {{ ref('fct_active_day_gaps') }}

),

months as (

    select distinct month_start_date from dim_dates

),

-- Gaps that closed in the 365 days before the month: known when it starts, and no later
-- day can change them.
closed_gaps as (

    select
        months.month_start_date,
        {{ days_between(
            'fct_active_day_gaps.previous_activity_date',
            'fct_active_day_gaps.activity_date'
        ) }} as gap_days,
        sum(fct_active_day_gaps.user_count) as gap_count
    from months
    inner join fct_active_day_gaps
        on
            fct_active_day_gaps.activity_date < months.month_start_date
            and fct_active_day_gaps.activity_date
            >= {{ dbt.dateadd('day', -365, 'months.month_start_date') }}
    where fct_active_day_gaps.previous_activity_date is not null
    group by months.month_start_date, gap_days

),

ranked_gaps as (

    select
        month_start_date,
        gap_days,
        sum(gap_count) over (
            partition by month_start_date order by gap_days
            rows between unbounded preceding and current row
        ) as gap_count_to_here,
        sum(gap_count) over (partition by month_start_date) as gap_count
    from closed_gaps

),

-- Discrete percentiles: the shortest gap that so many are not longer than. In whole
-- numbers, because 0.8 is none that a double can hold.
percentiles as (

    select
        cast(max(gap_count) as bigint) as gap_count,
        cast(min(case when gap_count_to_here * 10 >= gap_count * 8 then gap_days end)
            as integer) as gap_days_p80,
        cast(min(case when gap_count_to_here * 10 >= gap_count * 9 then gap_days end)
            as integer) as gap_days_p90,
        month_start_date
    from ranked_gaps
    group by month_start_date

)

select * from percentiles
