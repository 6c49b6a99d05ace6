with

exposures as (

    select * from {{ ref('fct_content_exposures') }}

),

dates as (

    select * from {{ ref('dim_days') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

by_day as (

    select
        exposures.position,
        exposures.exposure_date,
        count(*) as exposure_count,
        count(case when exposures.is_clicked then 1 end) as clicked_exposure_count,
        count(case when exposures.settled_at <= horizon.data_through_at then 1 end)
            as mature_exposure_count,
        count(case
            when exposures.settled_at <= horizon.data_through_at and exposures.is_clicked then 1
        end) as mature_clicked_exposure_count
    from exposures
    cross join horizon
    group by exposures.position, exposures.exposure_date

),

positions as (

    select
        position,
        min(exposure_date) as first_date
    from by_day
    group by position

),

-- A day on which a position was not seen is still a row, from its first on.
days as (

    select
        position,
        exposure_count,
        clicked_exposure_count,
        mature_exposure_count,
        mature_clicked_exposure_count,
        {{ grain_starts('exposure_date') }}
    from by_day

    union all

    select
        positions.position,
        0 as exposure_count,
        0 as clicked_exposure_count,
        0 as mature_exposure_count,
        0 as mature_clicked_exposure_count,
        {{ grain_starts('dates.date_day') }}
    from positions
    inner join dates on positions.first_date < dates.date_day

),

summed as (

    select
        {{ grain_columns() }},
        position,
        cast(sum(exposure_count) as bigint) as exposure_count,
        cast(sum(clicked_exposure_count) as bigint) as clicked_exposure_count,
        cast(sum(mature_exposure_count) as bigint) as mature_exposure_count,
        cast(sum(mature_clicked_exposure_count) as bigint) as mature_clicked_exposure_count
    from days
    group by {{ grain_sets(['position']) }}

),

final as (

    select
        summed.grain,
        summed.position,
        summed.exposure_count,
        summed.clicked_exposure_count,
        summed.mature_exposure_count,
        summed.mature_clicked_exposure_count,
        {{ rate_with_bounds(
            'summed.mature_clicked_exposure_count', 'summed.mature_exposure_count', 'click_rate'
        ) }},
        summed.exposure_count = summed.mature_exposure_count
        and {{ is_period_over('summed.grain', 'summed.period_start_date', '0') }} as is_mature,
        summed.period_start_date
    from summed
    cross join horizon

)

select * from final
