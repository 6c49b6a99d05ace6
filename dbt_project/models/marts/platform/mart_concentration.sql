with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

by_day as (

    select
        unit_values.*,
        {{ grain_starts('unit_values.value_date') }}
    from {{ ref('step_unit_values') }} as unit_values

),

units as (

    select
        measure_id,
        unit_id,
        {{ grain_columns() }},
        sum(unit_value) as unit_value
    from by_day
    group by {{ grain_sets(['measure_id', 'unit_id']) }}
    having sum(unit_value) > 0

),

ranked as (

    select
        units.*,
        row_number() over (
            partition by measure_id, grain, period_start_date order by unit_value desc, unit_id
        ) as unit_rank,
        count(*) over of_period as unit_count,
        sum(unit_value) over of_period as total_value
    from units
    window of_period as (partition by measure_id, grain, period_start_date)

),

-- As decimals, whose sums are the same in whatever order they are added.
shares as (

    select
        ranked.*,
        cast(share * share as decimal(38, 30)) as share_squared,
        cast(share * (unit_count - unit_rank + 1) as decimal(38, 15)) as ranked_share
    from (
        select
            ranked.*,
            cast(unit_value as double) / cast(total_value as double) as share
        from ranked
    ) as ranked

),

summed as (

    select
        measure_id,
        grain,
        period_start_date,
        count(*) as unit_count,
        sum(unit_value) as total_value,
        cast(sum(share_squared) as double) as hhi,
        cast(sum(ranked_share) as double) as ranked_sum,
        sum(case when unit_rank = 1 then unit_value else 0 end) as top_1_value,
        sum(case when unit_rank <= 10 then unit_value else 0 end) as top_10_value,
        sum(case when unit_rank <= ceil(unit_count / 10.0) then unit_value else 0 end)
            as top_decile_value
    from shares
    group by measure_id, grain, period_start_date

),

firsts as (

    select
        measure_id,
        min(value_date) as first_date,
        max(value_date) as last_date
    from by_day
    group by measure_id

),

periods as (

    {{ every_period('firsts') }}

),

final as (

    select
        firsts.measure_id,
        periods.grain,
        coalesce(summed.unit_count, 0) as unit_count,
        cast(coalesce(summed.total_value, 0) as decimal(38, 4)) as total_value,
        summed.hhi,
        case when summed.hhi > 0 then least(1 / summed.hhi, summed.unit_count) end
            as effective_count,
        case
            when summed.unit_count > 0 then greatest(
                2 * summed.ranked_sum / summed.unit_count
                - (summed.unit_count + 1) / cast(summed.unit_count as double),
                0
            )
        end as gini,
        {{ rate('summed.top_1_value', 'summed.total_value') }} as top_1_share,
        {{ rate('summed.top_10_value', 'summed.total_value') }} as top_10_share,
        {{ rate('summed.top_decile_value', 'summed.total_value') }} as top_decile_share,
        {{ is_period_over('periods.grain', 'periods.period_start_date', '0') }} as is_mature,
        periods.period_start_date
    from firsts
    inner join periods on firsts.first_date <= periods.last_date
    left join summed
        on firsts.measure_id = summed.measure_id
        and periods.grain = summed.grain
        and periods.period_start_date is not distinct from summed.period_start_date
    cross join horizon

)

select * from final
