{# What a text says of time. Ingest renders it too, with the body of DuckDB
   (orchestration/ingest/instants.py): one reading, wherever it is asked for. #}

{# Text -> UTC timestamp, null where it is not certain. It is read as
   - a date, year first, alone or with a time: 2024-06-01, 2024/6/1, 2024.6.1, 2024年6月1日, 20240601,
     2024-06-01T10:15:00.5, 2024/6/1 10:15, 20240601T101500, 20240601101500;
   - with a zone after the time: an ISO 8601 offset (Z, +08:00, +0800, +08), UTC, GMT, or a name that
     the setting `YUNYING_ZONE_NAMES` gives an offset. CST alone may be -06:00, -05:00 or +08:00;
   - an epoch from 1990 on, in seconds, milliseconds or microseconds by the size of its value,
     however that is written. 45444.5 is none: it is a day of a spreadsheet.
   Without a zone it is UTC. #}
{% macro parse_instant(text) -%}
    {{ adapter.dispatch('parse_instant')(text) }}
{%- endmacro %}

{# Whether a number is a date by its digits, with or without a time: of the years 1900 to 2099. #}
{% macro is_date_number(number) -%}
    {{ number }} = floor({{ number }})
                    and (
                        {{ number }} >= 19000101 and {{ number }} < 21000000
                        or {{ number }} >= 19000101000000 and {{ number }} < 21000000000000
                    )
{%- endmacro %}

{# Regular expressions, as RE2 and Java have them. #}
{% macro number_pattern() -%}
    ^{{ blank_characters() }}*(\+?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?){{ blank_characters() }}*$
{%- endmacro %}

{# ISO 8601 without separators: year, month, day, hour, minute. #}
{% macro basic_pattern() -%}
    ^({{ blank_characters() }}*\d{4})(\d\d)(\d\d)[Tt ](\d\d):?(\d\d)
{%- endmacro %}

{# Year, month, day, hour, minute, second, zone: those after the day may be missing. #}
{% macro clock_pattern() -%}
    ^{{ blank_characters() }}*([1-9]\d{3})[-/.年](\d\d?)[-/.月](\d\d?)(?:日?|(?:日|日?[Tt ]) *(\d\d?):(\d\d)(?::?(\d\d(?:[.,]\d+)?))? *({{ offset_pattern() }}|[A-Za-z][\w/+:-]*)?){{ blank_characters() }}*$
{%- endmacro %}

{% macro offset_pattern() -%}
    [+-](?:0\d|1[0-5])(?::?[0-5]\d)?
{%- endmacro %}

{# The zone of a text -> its offset, null where it is none that is certain. #}
{% macro zone_offset(zone) -%}
    case
                        when {{ zone }} like '+%' or {{ zone }} like '-%' then {{ zone }}
                        when upper({{ zone }}) in ('Z', 'UTC', 'GMT') then '+00:00'
                        {%- for named in setting('ZONE_NAMES').split(',') if '=' in named %}
                        {%- set name, offset = named.split('=') %}
                        when upper({{ zone }}) = '{{ name | trim | upper }}' then '{{ offset | trim }}'
                        {%- endfor %}
                    end
{%- endmacro %}

{# Text -> calendar day of the reporting zone, null where it is not certain. #}
{% macro parse_date(text) -%}
    case
        when {{ has_zone(text) }} then {{ local_date(parse_instant(text)) }}
        else cast({{ parse_instant(text) }} as date)
    end
{%- endmacro %}

{# A bound that a person wrote -> UTC timestamp. Without a zone it is local; a date alone is
   its first instant, or its last where it ends a range. #}
{% macro bound_instant(text, is_end) -%}
    {%- set after_day = local_midnight(dbt.dateadd('day', 1, 'bound')) -%}
    {%- set body -%}
    case
        when {{ has_zone(text) }} then bound
        when {{ is_date_text(text) }}
            then {{ dbt.dateadd('microsecond', -1, after_day) if is_end else local_midnight('bound') }}
        else {{ (last_instant_of if is_end else first_instant_of)('bound') }}
    end
    {%- endset -%}
    {{ with_value(parse_instant(text), 'bound', body) }}
{%- endmacro %}

{# Whether the text of an instant says it without a zone to be added: it names one after its time,
   or is an epoch. #}
{% macro has_zone(text) -%}
    (
        {{ is_like_pattern(text, "'.*(:|[Tt])[0-9].*[A-Za-z+-].*'") }}
        or coalesce(
            {{ try_cast(text, 'double') }} >= 631152000
            and not ({{ is_date_number(try_cast(text, 'double')) }}),
            false
        )
    )
{%- endmacro %}

{# Whether a text is a date without a time. #}
{% macro is_date_text(text) -%}
    {{ is_like_pattern(text, "'[1-9][0-9]{3}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?|[1-9][0-9]{7}'") }}
{%- endmacro %}

{# An expression that asks a value several times, by a name of its own: computed once. #}
{% macro with_value(value, name, expression) -%}
    {{ adapter.dispatch('with_value')(value, name, expression) }}
{%- endmacro %}
