{#- Sums of decimals as doubles: 0.1 and 0.2 meet a target of 0.3. -#}
{%- set rounding = '1e-12 * abs(cast(target_value as double))' %}
with

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

kpis as (

    select * from {{ ref('dim_kpis') }}

),

ratios as (

    select
        kpis.kpi_id,
        above.driver_id as numerator_id,
        below.driver_id as denominator_id
    from kpis
    inner join {{ ref('dim_kpi_drivers') }} as above
        on kpis.kpi_id = above.kpi_id and above.driver_number = 1
    inner join {{ ref('dim_kpi_drivers') }} as below
        on kpis.kpi_id = below.kpi_id and below.driver_number = 2
    where kpis.kind = 'ratio'

),

kpi_values as (

    select
        kpi_id,
        grain,
        value,
        is_ripe,
        {{ period_after('grain', 'period_start_date', '-1') }} as previous_date,
        cast(case grain
            when 'week' then {{ dbt.dateadd('day', -364, 'period_start_date') }}
            else {{ dbt.dateadd('year', -1, 'period_start_date') }}
        end as date) as last_year_date,
        period_start_date
    from {{ ref('step_kpi_values') }}
    where segment_by is null

),

targets as (

    select * from {{ ref('dim_kpi_targets') }}

),

norms as (

    select * from {{ ref('step_kpi_norms') }}

),

joined as (

    select
        kpi_values.kpi_id,
        kpi_values.grain,
        kpis.direction,
        kpi_values.value,
        numerators.value as numerator,
        denominators.value as denominator,
        targets.target_value,
        previous.value as previous_value,
        last_year.value as same_period_last_year_value,
        norms.usual_low,
        norms.usual_high,
        kpi_values.is_ripe
        and {{ is_period_over('kpi_values.grain', 'kpi_values.period_start_date', '0') }}
            as is_mature,
        kpi_values.period_start_date
    from kpi_values
    inner join kpis
        on kpi_values.kpi_id = kpis.kpi_id
        and {{ dbt.position('kpi_values.grain', 'kpis.grains') }} > 0
    cross join horizon
    left join ratios on kpi_values.kpi_id = ratios.kpi_id
    left join kpi_values as numerators
        on ratios.numerator_id = numerators.kpi_id
        and kpi_values.grain = numerators.grain
        and kpi_values.period_start_date = numerators.period_start_date
    left join kpi_values as denominators
        on ratios.denominator_id = denominators.kpi_id
        and kpi_values.grain = denominators.grain
        and kpi_values.period_start_date = denominators.period_start_date
    left join targets
        on kpi_values.kpi_id = targets.kpi_id
        and kpi_values.grain = targets.grain
        and kpi_values.period_start_date = targets.period_start_date
    left join kpi_values as previous
        on kpi_values.kpi_id = previous.kpi_id
        and kpi_values.grain = previous.grain
        and kpi_values.previous_date = previous.period_start_date
    left join kpi_values as last_year
        on kpi_values.kpi_id = last_year.kpi_id
        and kpi_values.grain = last_year.grain
        and kpi_values.last_year_date = last_year.period_start_date
    left join norms
        on kpi_values.kpi_id = norms.kpi_id
        and kpi_values.grain = norms.grain
        and kpi_values.period_start_date = norms.period_start_date

),

final as (

    select
        kpi_id,
        grain,
        value,
        numerator,
        denominator,
        cast(target_value as double) as target_value,
        {{ rate('value', 'target_value') }} as attainment_rate,
        previous_value,
        value - previous_value as change,
        same_period_last_year_value,
        usual_low,
        usual_high,
        case direction
            when 'down' then value <= cast(target_value as double) + {{ rounding }}
            else value >= cast(target_value as double) - {{ rounding }}
        end as is_on_target,
        case when is_mature then value < usual_low or value > usual_high end as is_unusual,
        is_mature,
        period_start_date
    from joined

)

select * from final
