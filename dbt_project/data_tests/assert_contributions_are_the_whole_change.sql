-- What drivers and segments did to a KPI since the period before, or since a year before, is all
-- that changed; and where a KPI changed that has drivers, they did it.
with

compared as (

    {% for comparison, column in {
        'previous': 'previous_value', 'last_year': 'same_period_last_year_value',
    }.items() -%}
    select
        kpi_id,
        grain,
        period_start_date,
        '{{ comparison }}' as comparison,
        value,
        {{ column }} as from_value
    from {{ ref('mart_kpi_values') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

split as (

    select
        kpi_id,
        grain,
        period_start_date,
        comparison,
        sum(contribution) as contribution,
        sum(abs(contribution)) as moved
    from {{ ref('mart_kpi_contributions') }}
    where comparison <> 'target'
    group by kpi_id, grain, period_start_date, comparison

)

select
    compared.*,
    split.contribution
from compared
left join split
    on compared.kpi_id = split.kpi_id
    and compared.grain = split.grain
    and compared.period_start_date = split.period_start_date
    and compared.comparison = split.comparison
where
    abs(coalesce(split.contribution, 0) - (compared.value - compared.from_value))
    > 1e-9 * (1 + abs(compared.value) + abs(compared.from_value)) + 1e-12 * coalesce(split.moved, 0)
    and (
        split.contribution is not null
        or compared.kpi_id in (select drivers.kpi_id from {{ ref('dim_kpi_drivers') }} as drivers)
    )
    or split.contribution is not null and (compared.value is null or compared.from_value is null)
