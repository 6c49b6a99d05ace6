{# A loop, because what a user did, below the line and before is summed in the same way. #}
{%- set values = ['measured_value', 'denominator_value', 'pre_value'] -%}
with

user_values as (

    select * from {{ ref('step_campaign_user_values') }}

),

arms as (

    select
        campaign_id,
        measure_id,
        kind,
        pre_days,
        variant,
        is_control,
        count(case when is_closed then 1 end) as user_count,
        bool_and(is_closed) as is_closed,
        {%- for value in values %}
        cast(sum(case when is_closed then {{ value }} end) as double) as {{ value }}_sum,
        cast(min(case when is_closed then {{ value }} end) as double) as least_{{ value }},
        cast(max(case when is_closed then {{ value }} end) as double) as most_{{ value }}{{ ',' if not loop.last }}
        {%- endfor %}
    from user_values
    group by campaign_id, measure_id, kind, pre_days, variant, is_control

),

centred as (

    select
        arms.*,
        {%- for value in values %}
        {{ value }}_sum / user_count as mean_{{ value }},
        case
            when least_{{ value }} < most_{{ value }} then greatest(
                most_{{ value }} - {{ value }}_sum / user_count,
                {{ value }}_sum / user_count - least_{{ value }}
            )
        end as {{ value }}_spread{{ ',' if not loop.last }}
        {%- endfor %}
    from arms
    where user_count > 0

),

-- From the mean, in parts of the greatest distance: the squares are summed as decimals, because a
-- sum of doubles depends on its order, and none is too small for one.
distances as (

    select
        centred.campaign_id,
        centred.measure_id,
        centred.variant,
        {%- for value in values %}
        coalesce(
            (cast(user_values.{{ value }} as double) - centred.mean_{{ value }})
            / centred.{{ value }}_spread,
            0
        ) as {{ value }}{{ ',' if not loop.last }}
        {%- endfor %}
    from user_values
    inner join centred
        on user_values.campaign_id = centred.campaign_id
        and user_values.measure_id = centred.measure_id
        and user_values.variant = centred.variant
    where user_values.is_closed

),

{% set products = {
    'value_squares': ['measured_value', 'measured_value'],
    'denominator_squares': ['denominator_value', 'denominator_value'],
    'pre_value_squares': ['pre_value', 'pre_value'],
    'value_denominator_products': ['measured_value', 'denominator_value'],
    'value_pre_value_products': ['measured_value', 'pre_value'],
} -%}
products as (

    select
        campaign_id,
        measure_id,
        variant,
        {%- for name, (first, second) in products.items() %}
        cast(sum(cast({{ first }} * {{ second }} as decimal(38, 18))) as double) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from distances
    group by campaign_id, measure_id, variant

),

final as (

    select
        arms.campaign_id,
        arms.measure_id,
        arms.kind,
        arms.pre_days,
        arms.variant,
        arms.user_count,
        coalesce(arms.measured_value_sum, 0) as value_sum,
        coalesce(arms.denominator_value_sum, 0) as denominator_sum,
        coalesce(arms.pre_value_sum, 0) as pre_value_sum,
        {%- for name, (first, second) in products.items() %}
        coalesce(products.{{ name }} * centred.{{ first }}_spread * centred.{{ second }}_spread, 0)
            as {{ name }},
        {%- endfor %}
        arms.is_control,
        arms.is_closed
    from arms
    left join centred
        on arms.campaign_id = centred.campaign_id
        and arms.measure_id = centred.measure_id
        and arms.variant = centred.variant
    left join products
        on arms.campaign_id = products.campaign_id
        and arms.measure_id = products.measure_id
        and arms.variant = products.variant

)

select * from final
