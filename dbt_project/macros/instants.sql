{# What a text says of time. Ingest renders the body of DuckDB from this file too
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

{% macro default__parse_instant(text) -%}
    {#- A cast that fails is slow, so each stands behind a test that is cheap. What names no zone
        but Z needs none of the calendar that a time zone does: 3 times as fast. What is asked
        several times is bound by a lambda: DuckDB would compute it as often. A double holds the
        microseconds up to the year 2255; the cast to a decimal that does too is 600 times as slow. -#}
    {%- set number = number_pattern() -%}
    {%- set digits = "try_strptime(rpad(cast(cast(number as bigint) as varchar), 14, '0'), '%Y%m%d%H%M%S')" -%}
    {%- set clock -%}
    part.y || '-' || part.m || '-' || part.d
            || ' ' || case when part.h = '' then '00:00' else part.h || ':' || part.i end
            || ':' || case when part.s = '' then '00' else replace(part.s, ',', '.') end
    {%- endset -%}
    case
        when {{ text }} is null then null
        when regexp_full_match({{ text }}, '[1-9]\d{3}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?Z?)?')
            then try_cast({{ text }} as timestamp)
        when regexp_full_match(
            {{ text }}, '[1-9]\d{3}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?{{ offset_pattern() }}'
        )
            then timezone('UTC', try_cast({{ text }} as timestamptz))
        when regexp_full_match({{ text }}, '{{ number }}') then list_transform(
            [try_cast(regexp_extract({{ text }}, '{{ number }}', 1) as double)],
            lambda number: case
                when number >= 631152000 and number < 10000000000
                    then make_timestamp(cast(round(number * 1000000) as bigint))
                when number >= 631152000000 and number < 10000000000000
                    then make_timestamp(cast(round(number * 1000) as bigint))
                when number >= 631152000000000 and number < 10000000000000000
                    then make_timestamp(cast(round(number) as bigint))
                when {{ is_date_number('number') }} then {{ digits }}
            end
        )[1]
        else list_transform(
            [regexp_extract(
                regexp_replace({{ text }}, '{{ basic_pattern() }}', '\1-\2-\3T\4:\5'),
                '{{ clock_pattern() }}', ['y', 'm', 'd', 'h', 'i', 's', 'z']
            )],
            lambda part: case
                when part.z = '' then try_cast({{ clock }} as timestamp)
                else timezone('UTC', try_cast(
                    {{ clock }} || {{ zone_offset('part.z') }} as timestamptz
                ))
            end
        )[1]
    end
{%- endmacro %}

{# Sessions of Spark run in UTC, as those of DuckDB do. #}
{% macro spark__parse_instant(text) -%}
    {%- set number = number_pattern() | replace('\\', '\\\\') -%}
    {%- set pattern = clock_pattern() | replace('\\', '\\\\') -%}
    {%- set extended -%}
    regexp_replace({{ text }}, '{{ basic_pattern() | replace('\\', '\\\\') }}', '$1-$2-$3T$4:$5')
    {%- endset -%}
    {%- set part = {} -%}
    {%- for name in ['y', 'm', 'd', 'h', 'i', 's', 'z'] -%}
    {%- do part.update({name: "regexp_extract(" ~ extended ~ ", '" ~ pattern ~ "', " ~ loop.index ~ ")"}) -%}
    {%- endfor -%}
    {%- set digits = "try_to_timestamp(rpad(cast(cast(number as bigint) as string), 14, '0'), 'yyyyMMddHHmmss')" -%}
    {%- set clock -%}
    {{ part.y }} || '-' || {{ part.m }} || '-' || {{ part.d }}
            || ' ' || case when {{ part.h }} = '' then '00:00' else {{ part.h }} || ':' || {{ part.i }} end
            || ':' || case when {{ part.s }} = '' then '00' else replace({{ part.s }}, ',', '.') end
    {%- endset -%}
    case
        when {{ text }} rlike '{{ number }}' then element_at(transform(
            array(try_cast(regexp_extract({{ text }}, '{{ number }}', 1) as double)),
            number -> case
                when number >= 631152000 and number < 10000000000
                    then timestamp_micros(cast(round(number * 1000000) as bigint))
                when number >= 631152000000 and number < 10000000000000
                    then timestamp_micros(cast(round(number * 1000) as bigint))
                when number >= 631152000000000 and number < 10000000000000000
                    then timestamp_micros(cast(round(number) as bigint))
                when {{ is_date_number('number') }} then {{ digits }}
            end
        ), 1)
        when {{ part.z }} = '' then try_cast({{ clock }} as timestamp)
        else try_cast({{ clock }} || {{ zone_offset(part.z) }} as timestamp)
    end
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
                        {%- for named in env_var('YUNYING_ZONE_NAMES', '').split(',') if '=' in named %}
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

{% macro default__with_value(value, name, expression) -%}
    list_transform([{{ value }}], lambda {{ name }}: {{ expression }})[1]
{%- endmacro %}

{% macro spark__with_value(value, name, expression) -%}
    element_at(transform(array({{ value }}), {{ name }} -> {{ expression }}), 1)
{%- endmacro %}
