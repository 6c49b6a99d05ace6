{# Text of a definition file -> whole number from `least` (1) to `most`, null where it is
   none: `7`, not `7.5`, `0` or `seven`. #}
{% macro whole_number(text, type='integer', least=1, most=1000000000) -%}
    case
        when
            {{ try_cast(text, 'decimal(18, 4)') }} between {{ least }} and {{ most }}
            and {{ try_cast(text, 'decimal(18, 4)') }}
            = floor({{ try_cast(text, 'decimal(18, 4)') }})
            then cast({{ try_cast(text, 'decimal(18, 4)') }} as {{ type }})
    end
{%- endmacro %}

{# Text of a definition file -> seconds, up to 3,170 years: sums with instants stay in
   the range of timestamps. #}
{% macro whole_seconds(text, least) -%}
    {{ whole_number(text, 'bigint', least, 100000000000) }}
{%- endmacro %}

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
