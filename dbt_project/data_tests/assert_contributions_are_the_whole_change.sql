-- What drivers and segments did to a KPI since the period before is all that changed.
select
    contributions.kpi_id,
    contributions.grain,
    contributions.period_start_date,
    sum(contributions.contribution) as contribution,
    kpi_values.change
from {{ ref('mart_kpi_contributions') }} as contributions
inner join {{ ref('mart_kpi_values') }} as kpi_values
    on contributions.kpi_id = kpi_values.kpi_id
    and contributions.grain = kpi_values.grain
    and contributions.period_start_date = kpi_values.period_start_date
where contributions.comparison = 'previous'
group by
    contributions.kpi_id, contributions.grain, contributions.period_start_date,
    kpi_values.change, kpi_values.value, kpi_values.previous_value
having
    abs(sum(contributions.contribution) - kpi_values.change)
    > 1e-9 * (1 + abs(kpi_values.value) + abs(kpi_values.previous_value))
    or kpi_values.change is null
