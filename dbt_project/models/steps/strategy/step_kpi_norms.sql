{# 1.4826 medians of absolute deviations are a standard deviation, and 3.5 of them the cut of Iglewicz
   and Hoaglin (1993, How to Detect and Handle Outliers). Chance alone moves a count by its root. #}
with

kpi_values as (

    select
        kpi_id,
        grain,
        value,
        period_start_date
    from {{ ref('step_kpi_values') }}
    where segment_by is null and value is not null

),

kpis as (

    select * from {{ ref('dim_kpis') }}

),

-- A day is looked at among the same days of the week before it.
history as (

    select
        kpi_id,
        grain,
        value,
        cast(case grain
            when 'month' then {{ dbt.dateadd('month', 'steps.step_number', 'period_start_date') }}
            else {{ dbt.dateadd('day', '7 * steps.step_number', 'period_start_date') }}
        end as date) as compared_date
    from kpi_values
    {{ explode(integer_array(1, 8), 'steps', 'step_number') }}

),

middles as (

    select
        kpi_id,
        grain,
        compared_date,
        median(value) as middle_value
    from history
    group by kpi_id, grain, compared_date
    having count(*) >= {{ var('kpi_min_history_periods') }}

),

spreads as (

    select
        history.kpi_id,
        history.grain,
        history.compared_date,
        middles.middle_value,
        1.4826e0 * median(abs(history.value - middles.middle_value)) as scale
    from history
    inner join middles
        on history.kpi_id = middles.kpi_id
        and history.grain = middles.grain
        and history.compared_date = middles.compared_date
    group by history.kpi_id, history.grain, history.compared_date, middles.middle_value

),

scaled as (

    select
        spreads.kpi_id,
        spreads.grain,
        spreads.compared_date,
        spreads.middle_value,
        case
            when kpis.kind in ('count', 'users')
                then greatest(spreads.scale, sqrt(greatest(spreads.middle_value, 1)))
            else nullif(spreads.scale, 0)
        end as scale
    from spreads
    inner join kpis on spreads.kpi_id = kpis.kpi_id

)

select
    kpi_id,
    grain,
    middle_value - 3.5e0 * scale as usual_low,
    middle_value + 3.5e0 * scale as usual_high,
    compared_date as period_start_date
from scaled
where scale is not null
