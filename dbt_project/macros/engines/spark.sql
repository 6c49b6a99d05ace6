{# The same as Spark has them. #}

{% macro spark__matches_pattern(value, pattern) -%}
    {{ value }} rlike ('(?i)' || {{ pattern }})
{%- endmacro %}

{% macro spark__raise_error(message) -%}
    raise_error({{ message }})
{%- endmacro %}

{% macro spark__delete_touched(target, keys, touched, from) -%}
    delete from {{ target }}
    where exists (
        select 1
        from {{ touched }} as touched
        where {{ is_touched(target, keys, from) }}
    );
{%- endmacro %}

{% macro spark__checksum(columns) -%}
    coalesce(cast(sum(cast(xxhash64({{ columns | join(', ') }}) as decimal(38, 0))) as string), '0')
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

{% macro spark__with_value(value, name, expression) -%}
    element_at(transform(array({{ value }}), {{ name }} -> {{ expression }}), 1)
{%- endmacro %}

{% macro spark__local_timestamp(instant) -%}
    from_utc_timestamp({{ instant }}, '{{ reporting_timezone() }}')
{%- endmacro %}

{% macro spark__utc_timestamp(local) -%}
    to_utc_timestamp(cast({{ local }} as timestamp), '{{ reporting_timezone() }}')
{%- endmacro %}

{# Spark takes the first of two by itself. #}
{% macro spark__local_midnight(day) -%}
    {{ utc_timestamp(day) }}
{%- endmacro %}

{% macro spark__end_of_gap(local) -%}
    array_min(filter(
        sequence(
            {{ local_midnight(local) }} - interval 1 day, {{ local_midnight(local) }}, interval 1 minute
        ),
        instant -> {{ local_timestamp('instant') }} >= {{ local }}
    ))
{%- endmacro %}

{% macro spark__second_of_two(local) -%}
    {%- set day_after = '(' ~ utc_timestamp(local) ~ ' + interval 1 day)' -%}
    {%- set second = '(' ~ local ~ ' + (' ~ day_after ~ ' - ' ~ local_timestamp(day_after) ~ '))' -%}
    case
        when {{ local_timestamp(second) }} = {{ local }} then {{ second }}
        else {{ utc_timestamp(local) }}
    end
{%- endmacro %}

{% macro spark__days_between(first_date, last_date) -%}
    datediff({{ last_date }}, {{ first_date }})
{%- endmacro %}

{% macro spark__microseconds_between(first_instant, last_instant) -%}
    (unix_micros({{ last_instant }}) - unix_micros({{ first_instant }}))
{%- endmacro %}

{% macro spark__date_series(first_date, last_date, relation, column) -%}
    select explode(sequence({{ first_date }}, {{ last_date }}, interval 1 day)) as {{ column }}
    from {{ relation }}
{%- endmacro %}

{% macro spark__add_seconds(instant, seconds) -%}
    {{ instant }} + make_dt_interval(0, 0, 0, {{ seconds }})
{%- endmacro %}

{% macro spark__add_microseconds(instant, microseconds) -%}
    timestamp_micros(unix_micros({{ instant }}) + {{ microseconds }})
{%- endmacro %}

{% macro spark__try_cast(value, type) -%}
    try_cast({{ value }} as {{ type }})
{%- endmacro %}

{% macro spark__explode(array, alias, column) -%}
    lateral view explode({{ array }}) {{ alias }} as {{ column }}
{%- endmacro %}

{% macro spark__alternatives(text) -%}
    split(replace({{ text }}, '\\|', {{ inner_bar() }}), '[|]')
{%- endmacro %}

{% macro spark__trimmed(text) -%}
    {%- set blanks = blank_characters() | replace('\\', '\\\\') -%}
    regexp_replace({{ text }}, '^{{ blanks }}+|{{ blanks }}+$', '')
{%- endmacro %}

{% macro spark__json_property(json, property) -%}
    from_json({{ json }}, 'map<string,string>')[{{ property }}]
{%- endmacro %}

{% macro spark__row_as_json(relation, columns) -%}
    to_json(named_struct(
        {%- for column in columns %}
        '{{ column }}', {{ relation }}.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}

{% macro spark__raw_row_as_json(relation) -%}
    to_json(struct({{ relation }}.*))
{%- endmacro %}

{% macro spark__explode_with_position(array, alias, position, column) -%}
    lateral view posexplode({{ array }}) {{ alias }} as {{ position }}, {{ column }}
{%- endmacro %}

{% macro spark__integer_array(first_number, last_number) -%}
    sequence({{ first_number }}, {{ last_number }})
{%- endmacro %}

{% macro spark__split_text(text, separator) -%}
    split({{ text }}, '[{{ separator }}]')
{%- endmacro %}

{% macro spark__struct_of(columns) -%}
    struct({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__value_shape(text) -%}
    substr(regexp_replace(
        regexp_replace(substr({{ text }}, 1, 200), '[\\p{L}\\p{M}]+', 'x'), '\\p{N}', '9'
    ), 1, 40)
{%- endmacro %}

{% macro spark__json_property_names(json) -%}
    array_join(json_object_keys({{ json }}), ', ')
{%- endmacro %}

{% macro spark__is_like_pattern(text, pattern) -%}
    {{ text }} rlike concat('(?s)^(?:', {{ pattern }}, ')$')
{%- endmacro %}

{% macro spark__hashed_share(text) -%}
    cast(conv(substr(md5({{ text }}), 1, 8), 16, 10) as bigint) / cast(4294967296 as double)
{%- endmacro %}

{% macro spark__merged_objects(json, order) -%}
    to_json(map_filter(
        aggregate(
            array_sort(collect_list(named_struct(
                {%- for column in order %}'o{{ loop.index }}', {{ column }}, {% endfor -%}
                'one', {{ json }}
            ))),
            cast(map() as map<string, string>),
            (merged, told) -> map_concat(
                map_filter(
                    merged,
                    (name, value) -> not map_contains_key(from_json(told.one, 'map<string,string>'), name)
                ),
                from_json(told.one, 'map<string,string>')
            )
        ),
        (name, value) -> value is not null
    ))
{%- endmacro %}

{% macro spark__paired_values(names, values) -%}
    to_json(map_from_entries(filter(
        arrays_zip(from_json({{ names }}, 'array<string>'), from_json({{ values }}, 'array<string>')),
        pair -> pair['0'] is not null
    )))
{%- endmacro %}

{% macro spark__keyed_values(json) -%}
    to_json(map_from_entries(transform(
        filter(
            from_json(
                {{ json }},
                'array<struct<key: string, value: struct<string_value: string, int_value: string, double_value: string, float_value: string>>>'
            ),
            entry -> entry.key is not null
        ),
        entry -> struct(entry.key, coalesce(
            entry.value.string_value, entry.value.int_value,
            entry.value.double_value, entry.value.float_value
        ))
    )))
{%- endmacro %}

{% macro spark__json_path(json, names) -%}
    {%- set nested = namespace(value=json) -%}
    {%- for name in names -%}
    {%- set nested.value = spark__json_property(nested.value, "'" ~ name ~ "'") -%}
    {%- endfor -%}
    {{ nested.value }}
{%- endmacro %}

{% macro spark__json_texts(json, names) -%}
    array(
        {%- for name in names %}
        {{ spark__json_path(json, [name] if name is string else name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro spark__text_at(texts, place) -%}
    element_at({{ texts }}, {{ place }})
{%- endmacro %}

{# What reads JSON gives null there by itself. #}
{% macro spark__valid_json(text) -%}
    {{ text }}
{%- endmacro %}

{% macro spark__is_object(text) -%}
    from_json({{ text }}, 'map<string,string>') is not null
{%- endmacro %}
