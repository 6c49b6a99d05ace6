with

dim_dates as (

    select * from {{ ref('dim_dates') }}

),

dim_horizon as (

    select * from {{ ref('dim_horizon') }}

),

month_ends as (

    select
        max(date_day) as snapshot_date,
        true as is_mature
    from dim_dates
    where is_month_closed
    group by month_start_date

),

snapshots as (

    select
        snapshot_date,
        is_mature
    from month_ends
    union all
    select
        data_through_date as snapshot_date,
        false as is_mature
    from dim_horizon
    where
        first_activity_date is not null
        and data_through_date not in (select snapshot_date from month_ends)

),

numbered as (

    select
        cast(row_number() over (order by snapshot_date) as integer) as snapshot_number,
        is_mature,
        snapshot_date
    from snapshots

)

select * from numbered
