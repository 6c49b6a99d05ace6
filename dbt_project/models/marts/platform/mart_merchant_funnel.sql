{%- set stages = ['signed_up', 'listed', 'first_sale', 'retained'] %}
{%- set start_seconds = var('merchant_start_days') * 86400 %}
{%- set retained_seconds = (var('merchant_retained_to_days') + 1) * 86400 %}
with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

merchants as (

    select
        merchants.*,
        {{ local_date('merchants.signed_up_at') }} as signed_up_date,
        case
            when merchants.retained_at is not null then 4
            when merchants.first_sold_at is not null then 3
            when merchants.first_listed_at is not null then 2
            else 1
        end as reached_stage
    from {{ ref('dim_merchants') }} as merchants
    cross join horizon
    where merchants.signed_up_at <= horizon.data_through_at

),

reached as (

    {# A loop, because each stage takes its own time. -#}
    {% for stage in stages -%}
    select
        merchants.merchant_id,
        {{ loop.index }} as stage_number,
        '{{ stage }}' as stage_id,
        merchants.reached_stage,
        {% if stage == 'retained' -%}
        {{ add_seconds(
            'coalesce(merchants.first_sold_at, merchants.signed_up_at)', retained_seconds
        ) }} <= horizon.data_through_at as is_mature,
        {%- else -%}
        {{ add_seconds('merchants.signed_up_at', start_seconds) }} <= horizon.data_through_at
            as is_mature,
        {%- endif %}
        merchants.signed_up_date
    from merchants
    cross join horizon
    {{ 'union all' if not loop.last }}

    {% endfor %}

),

firsts as (

    select
        stage_number,
        stage_id,
        min(signed_up_date) as first_date,
        max(signed_up_date) as last_date
    from reached
    group by stage_number, stage_id

),

periods as (

    {{ every_period('firsts') }}

),

by_day as (

    select
        reached.*,
        {{ grain_starts('reached.signed_up_date') }}
    from reached

),

counted as (

    select
        stage_number,
        {{ grain_columns() }},
        count(*) as signed_up_count,
        count(case when reached_stage >= stage_number then 1 end) as merchant_count,
        count(case when is_mature then 1 end) as mature_signed_up_count,
        count(case when is_mature and reached_stage >= stage_number then 1 end)
            as mature_merchant_count,
        count(case
            when is_mature and reached_stage >= greatest(stage_number - 1, 1) then 1
        end) as mature_previous_count
    from by_day
    group by {{ grain_sets(['stage_number']) }}

),

filled as (

    select
        periods.grain,
        firsts.stage_number,
        firsts.stage_id,
        coalesce(counted.signed_up_count, 0) as signed_up_count,
        coalesce(counted.merchant_count, 0) as merchant_count,
        coalesce(counted.mature_signed_up_count, 0) as mature_signed_up_count,
        coalesce(counted.mature_merchant_count, 0) as mature_merchant_count,
        coalesce(counted.mature_previous_count, 0) as mature_previous_count,
        periods.period_start_date
    from firsts
    cross join periods
    left join counted
        on firsts.stage_number = counted.stage_number
        and periods.grain = counted.grain
        and periods.period_start_date is not distinct from counted.period_start_date

),

final as (

    select
        filled.grain,
        filled.stage_number,
        filled.stage_id,
        filled.merchant_count,
        filled.mature_signed_up_count,
        filled.mature_merchant_count,
        filled.mature_previous_count,
        {{ rate_with_bounds(
            'filled.mature_merchant_count', 'filled.mature_signed_up_count', 'rate_from_start'
        ) }},
        {{ rate_with_bounds(
            'filled.mature_merchant_count', 'filled.mature_previous_count', 'rate_from_previous'
        ) }},
        filled.signed_up_count = filled.mature_signed_up_count
        and {{ is_period_over(
            'filled.grain', 'filled.period_start_date', '0'
        ) }} as is_mature,
        filled.period_start_date
    from filled
    cross join horizon

)

select * from final
