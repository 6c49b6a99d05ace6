{# A loop over the steps that a funnel may have: each is a bit. #}
{%- set steps = range(1, var('funnel_max_steps') + 1) -%}
with

numbers as (

    select cast(numbers.step_set as integer) as step_set
    from (select 1 as one_row) as single
    {{ explode(
        integer_array(1, 2 ** var('funnel_max_steps') - 1), 'numbers', 'step_set'
    ) }}

),

bits as (

    select
        step_set
        {%- for step in steps %},
        case when (step_set & {{ 2 ** (step - 1) }}) <> 0 then 1 else 0 end
            as has_{{ step }}
        {%- endfor %}
    from numbers

)

select
    step_set,
    case
        {%- for step in steps %}
        when has_{{ step }} = 1 then {{ step }}
        {%- endfor %}
    end as first_step,
    case
        {%- for step in steps | reverse %}
        when has_{{ step }} = 1 then {{ step }}
        {%- endfor %}
    end as last_step,
    0
    {%- for step in steps %}
    + has_{{ step }}
    {%- endfor %} as step_count
from bits
