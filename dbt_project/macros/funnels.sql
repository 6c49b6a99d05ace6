{# Time at which an attempt reached a step; `step` is an expression. #}
{% macro step_time(relation, step) -%}
    case {{ step }}
        {%- for number in range(1, var('funnel_max_steps') + 1) %}
        when {{ number }} then {{ relation }}.step_{{ number }}_at
        {%- endfor %}
    end
{%- endmacro %}
