with

contributions as (

    select * from {{ ref('step_kpi_contributions') }}

),

kpi_values as (

    select
        kpi_id,
        grain,
        is_mature,
        period_start_date
    from {{ ref('mart_kpi_values') }}

)

select
    contributions.kpi_id,
    contributions.grain,
    contributions.comparison,
    contributions.driver_id,
    contributions.segment_value,
    contributions.from_value,
    contributions.to_value,
    contributions.contribution,
    kpi_values.is_mature,
    contributions.period_start_date
from contributions
inner join kpi_values
    on contributions.kpi_id = kpi_values.kpi_id
    and contributions.grain = kpi_values.grain
    and contributions.period_start_date = kpi_values.period_start_date
