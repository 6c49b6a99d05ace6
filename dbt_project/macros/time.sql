{# Instants are UTC timestamps without zone in every layer; only these macros cross into
   the reporting zone. `YUNYING_TIMEZONE` and `YUNYING_WEEK_START` are the settings. #}

{% macro reporting_timezone() -%}
    {{ return(setting('TIMEZONE', 'UTC')) }}
{%- endmacro %}

{# UTC timestamp -> wall clock of the reporting zone. #}
{% macro local_timestamp(instant) -%}
    {{ adapter.dispatch('local_timestamp')(instant) }}
{%- endmacro %}

{# Wall clock of the reporting zone -> UTC timestamp. #}
{% macro utc_timestamp(local) -%}
    {{ adapter.dispatch('utc_timestamp')(local) }}
{%- endmacro %}

{# An instant as a text: what the reporting zone's clock shows then. #}
{% macro local_text(instant) -%}
    cast({{ local_timestamp(instant) }} as {{ dbt.type_string() }})
{%- endmacro %}

{# UTC timestamp -> calendar day of the reporting zone. #}
{% macro local_date(instant) -%}
    cast({{ local_timestamp(instant) }} as date)
{%- endmacro %}

{# Calendar day of the reporting zone -> the UTC instant at which it begins: where clocks go back
   over midnight, as in Havana and on the Azores, the first of its two midnights; where they skip
   it, the instant at which they go on, as gaps begin at midnight or do not hold it. #}
{% macro local_midnight(day) -%}
    {{ adapter.dispatch('local_midnight')(day) }}
{%- endmacro %}

{# A time of the reporting zone's clock that a person wrote -> the first UTC instant at which the
   clock shows that or more: the first of two, or the end of the gap that skips it. The gap is
   searched by minutes, for few rows. #}
{% macro first_instant_of(local) -%}
    case
        when {{ local_timestamp(local_midnight(local)) }} = {{ local }} then {{ local_midnight(local) }}
        else {{ adapter.dispatch('end_of_gap')(local) }}
    end
{%- endmacro %}

{# The last UTC instant at which the clock shows that or less: the second of two, or the last
   microsecond before the gap. #}
{% macro last_instant_of(local) -%}
    case
        when {{ local_timestamp(local_midnight(local)) }} <> {{ local }}
            then {{ dbt.dateadd('microsecond', -1, first_instant_of(local)) }}
        else {{ adapter.dispatch('second_of_two')(local) }}
    end
{%- endmacro %}

{# Whether `YUNYING_WEEK_START` is Sunday. #}
{% macro week_starts_on_sunday() -%}
    {{ return(setting('WEEK_START', 'monday') == 'sunday') }}
{%- endmacro %}

{# Day of the week by ISO 8601: 1 is Monday, 7 Sunday. The first Monday before any date that
   is believed is 1969-12-29. #}
{% macro iso_weekday(day) -%}
    cast(mod({{ days_between("cast('1969-12-29' as date)", day) }}, 7) + 1 as integer)
{%- endmacro %}

{# First day of the calendar week that holds a day; `YUNYING_WEEK_START` says which. #}
{% macro week_start(day) -%}
    {%- if setting('WEEK_START', 'monday') == 'sunday' -%}
        cast({{ dbt.dateadd('day', -1, dbt.date_trunc('week', dbt.dateadd('day', 1, day))) }} as date)
    {%- else -%}
        cast({{ dbt.date_trunc('week', day) }} as date)
    {%- endif -%}
{%- endmacro %}

{% macro month_start(day) -%}
    cast({{ dbt.date_trunc('month', day) }} as date)
{%- endmacro %}

{# Whole days from one date to a later one, as an integer. #}
{% macro days_between(first_date, last_date) -%}
    {{ adapter.dispatch('days_between')(first_date, last_date) }}
{%- endmacro %}

{# `YUNYING_HORIZON` as a UTC timestamp literal, or nothing when it is not set. #}
{% macro horizon() -%}
    {%- set value = setting('HORIZON') -%}
    {{ return("cast('" ~ value ~ "' as timestamp)" if value else none) }}
{%- endmacro %}

{# Microseconds from one instant to a later one, exact. #}
{% macro microseconds_between(first_instant, last_instant) -%}
    {{ adapter.dispatch('microseconds_between')(first_instant, last_instant) }}
{%- endmacro %}

{# One row per day from the first to the last date that the rows of a relation name, both
   included. The bounds are data, which dbt's own `date_spine` cannot take. #}
{% macro date_series(first_date, last_date, relation, column) -%}
    {{ adapter.dispatch('date_series')(first_date, last_date, relation, column) }}
{%- endmacro %}

{# An instant some seconds later; the seconds are an expression. #}
{% macro add_seconds(instant, seconds) -%}
    {{ adapter.dispatch('add_seconds')(instant, seconds) }}
{%- endmacro %}

{% macro add_microseconds(instant, microseconds) -%}
    {{ adapter.dispatch('add_microseconds')(instant, microseconds) }}
{%- endmacro %}

{# Name of a day of the week by its ISO number, 1 is Monday. #}
{% macro weekday_name(number, names) -%}
    case {{ number }}
        {%- for name in names %}
        when {{ loop.index }} then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}

{% macro weekday_name_en(number) -%}
    {{ weekday_name(number, [
        'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'
    ]) }}
{%- endmacro %}

{% macro weekday_name_zh(number) -%}
    {{ weekday_name(number, ['周一', '周二', '周三', '周四', '周五', '周六', '周日']) }}
{%- endmacro %}
