{# The currency of every amount after staging: the setting `YUNYING_CURRENCY`. #}
{% macro reporting_currency() -%}
    {{ return((env_var('YUNYING_CURRENCY', 'USD') or 'USD') | upper) }}
{%- endmacro %}
