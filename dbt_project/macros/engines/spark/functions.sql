{# The same as Spark has them. A backslash in a text is one on both engines: profiles.yml asks for it. #}

{% macro spark__matches_pattern(value, pattern) -%}
    (({{ value }}) rlike ('(?i)' || {{ pattern }}))
{%- endmacro %}

{% macro spark__raise_error(message) -%}
    raise_error({{ message }})
{%- endmacro %}

{# Of a table that is written once more: the rows that `delete_touched` would leave. `or_none`: nor do those
   stay that have no instant, which count over all of them. #}
{% macro spark_is_untouched(relation, keys, touched, from, or_none=false) -%}
    not exists (
        select 1
        from {{ touched }} as touched
        where
            {{ is_touched(relation, keys, {} if or_none else from) }}
            {%- for column, touched_from in from.items() if or_none %}
            and (touched.{{ touched_from }} <= {{ relation }}.{{ column }} or {{ relation }}.{{ column }} is null)
            {%- endfor %}
    )
{%- endmacro %}

{# Sessions of Spark run in UTC, as those of DuckDB do. The parts of a clock are found at once, and
   split: a pattern a part makes a view longer than Derby can keep. #}
{% macro spark__parse_instant(text) -%}
    {%- set number = number_pattern() -%}
    {%- set parts -%}
    split(regexp_replace(
        regexp_replace(replace({{ text }}, chr(30), chr(31)), '{{ basic_pattern() }}', '$1-$2-$3T$4:$5'),
        '{{ clock_pattern() }}',
        '$1' || chr(30) || '$2' || chr(30) || '$3' || chr(30) || '$4' || chr(30) || '$5' || chr(30)
        || '$6' || chr(30) || '$7'
    ), chr(30))
    {%- endset -%}
    {%- set digits = "try_to_timestamp(rpad(cast(cast(number as bigint) as string), 14, '0'), 'yyyyMMddHHmmss')" -%}
    {%- set clock -%}
    part[0] || '-' || part[1] || '-' || part[2]
            || ' ' || case when part[3] = '' then '00:00' else part[3] || ':' || part[4] end
            || ':' || case when part[5] = '' then '00' else replace(part[5], ',', '.') end
    {%- endset -%}
    case
        when {{ text }} rlike '{{ number }}' then {{ spark__with_value(
            "try_cast(regexp_extract(" ~ text ~ ", '" ~ number ~ "', 1) as double)",
            'number',
            "case
                when number >= 631152000 and number < 10000000000
                    then timestamp_micros(cast(round(number * 1000000) as bigint))
                when number >= 631152000000 and number < 10000000000000
                    then timestamp_micros(cast(round(number * 1000) as bigint))
                when number >= 631152000000000 and number < 10000000000000000
                    then timestamp_micros(cast(round(number) as bigint))
                when " ~ is_date_number('number') ~ " then " ~ digits ~ "
            end"
        ) }}
        else {{ spark__with_value(
            parts,
            'part',
            "case
                when size(part) <> 7 then null
                when part[6] = '' then try_cast(" ~ clock ~ " as timestamp)
                else try_cast(" ~ clock ~ " || " ~ zone_offset('part[6]') ~ " as timestamp)
            end"
        ) }}
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

{# A sequence that would run backwards fails; here it is none. #}
{% macro spark__date_series(first_date, last_date, relation, column) -%}
    select explode(case
        when {{ first_date }} <= {{ last_date }}
            then sequence({{ first_date }}, {{ last_date }}, interval 1 day)
    end) as {{ column }}
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
    split(replace({{ text }}, '\|', {{ inner_bar() }}), '[|]')
{%- endmacro %}

{% macro spark__trimmed(text) -%}
    regexp_replace({{ text }}, '^{{ blank_characters() }}+|{{ blank_characters() }}+$', '')
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
    to_json(map_filter(
        from_json(to_json(struct({{ relation }}.*)), 'map<string,string>'),
        (name, value) -> name not in ('source_file', 'row_number', 'load_id', 'content_hash')
    ))
{%- endmacro %}

{% macro spark__explode_with_position(array, alias, position, column) -%}
    lateral view inline(transform(
        {{ array }}, (element, place) -> struct(place + 1, element)
    )) {{ alias }} as {{ position }}, {{ column }}
{%- endmacro %}

{# By itself it would run backwards where the last is the smaller. #}
{% macro spark__integer_array(first_number, last_number) -%}
    case when {{ first_number }} <= {{ last_number }} then sequence({{ first_number }}, {{ last_number }}) end
{%- endmacro %}

{% macro spark__split_text(text, separator) -%}
    split({{ text }}, '[{{ separator }}]')
{%- endmacro %}

{% macro spark__struct_of(columns) -%}
    struct({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__value_shape(text) -%}
    substr(regexp_replace(
        regexp_replace(substr({{ text }}, 1, 200), '[\p{L}\p{M}]+', 'x'), '\p{N}', '9'
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

{% macro spark__with_recursive() -%}
    with
{%- endmacro %}

{% macro spark__session_cuts(events) -%}
    select
        user_id,
        run_started_at,
        explode(aggregate(
            instants,
            named_struct('last', run_started_at, 'cuts', cast(array() as array<timestamp>)),
            (found, at) -> case
                when at >= {{ dbt.dateadd('hour', var('session_max_hours'), 'found.last') }}
                    then named_struct('last', at, 'cuts', concat(found.cuts, array(at)))
                else found
            end,
            found -> found.cuts
        )) as started_at
    from (
        select
            user_id,
            run_started_at,
            array_sort(collect_list(occurred_at)) as instants
        from {{ events }}
        group by user_id, run_started_at
    ) as runs_of_events
{%- endmacro %}

{# Once for each link, as no chain is longer. #}
{% macro spark__asked_of_drivers() -%}
    select
        one.kpi_id,
        one.segment_by
    from (
        select explode(aggregate(
            sequence(0, size(links.of_all)),
            firsts.of_all,
            (found, turn) -> array_union(found, flatten(transform(found, kpi -> transform(
                filter(links.of_all, link -> link.kpi_id = kpi.kpi_id),
                link -> named_struct('kpi_id', link.driver_id, 'segment_by', kpi.segment_by)
            ))))
        )) as one
        from (
            select collect_set(struct(kpi_id, segment_by)) as of_all
            from kpis
            where segment_by is not null
        ) as firsts
        cross join (
            select collect_list(struct(kpi_id, driver_id)) as of_all
            from drivers
        ) as links
    ) as found
{%- endmacro %}

{# dbt-spark's own loses what is below a second, and fails of a null. #}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    timestampadd({{ datepart }}, {{ interval }}, {{ from_date_or_timestamp }})
{%- endmacro %}

{# Boundaries of months that lie between, as DuckDB counts; no other part is asked for. #}
{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- if datepart != 'month' -%}
        {%- do exceptions.raise_compiler_error('datediff of ' ~ datepart) -%}
    {%- endif -%}
    ((year({{ second_date }}) - year({{ first_date }})) * 12 + month({{ second_date }}) - month({{ first_date }}))
{%- endmacro %}

{% macro spark__split_part(string_text, delimiter_text, part_number) -%}
    split({{ string_text }}, '\Q' || {{ delimiter_text }} || '\E')[{{ part_number - 1 }}]
{%- endmacro %}

{# In an order that is given, which dbt-spark's own leaves out. #}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    case when count({{ measure }}) > 0 then array_join(transform(
        array_sort(collect_list(named_struct(
            'place', {{ order_by_clause | replace('order by ', '') }}, 'text', {{ measure }}
        ))),
        one -> one.text
    ), {{ delimiter_text }}) end
{%- endmacro %}
