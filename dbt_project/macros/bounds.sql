{# A date some days after another; the number of days may be an expression. #}
{% macro days_after(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}

{# UTC instant at which the clock hour of the reporting zone began that holds one. #}
{% macro local_hour_start(instant) -%}
    {{ instant }} - (
        {{ local_timestamp(instant) }}
        - {{ dbt.date_trunc('hour', local_timestamp(instant)) }}
    )
{%- endmacro %}
