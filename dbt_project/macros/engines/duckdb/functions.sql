{# Macros as DuckDB, the engine that needs no server, has them. A body that is called `default__` is
   that of any engine without one of its own. #}

{% macro default__matches_pattern(value, pattern) -%}
    try(regexp_matches({{ value }}, {{ pattern }}, 'i'))
{%- endmacro %}

{% macro default__raise_error(message) -%}
    error({{ message }})
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

{% macro default__with_value(value, name, expression) -%}
    list_transform([{{ value }}], lambda {{ name }}: {{ expression }})[1]
{%- endmacro %}

{% macro default__local_timestamp(instant) -%}
    {%- if reporting_timezone() == 'UTC' -%}
        {{ instant }}
    {%- else -%}
        timezone('{{ reporting_timezone() }}', timezone('UTC', {{ instant }}))
    {%- endif -%}
{%- endmacro %}

{% macro default__utc_timestamp(local) -%}
    {%- if reporting_timezone() == 'UTC' -%}
        cast({{ local }} as timestamp)
    {%- else -%}
        timezone('UTC', timezone('{{ reporting_timezone() }}', cast({{ local }} as timestamp)))
    {%- endif -%}
{%- endmacro %}

{# DuckDB takes the second of two. Where the clock stands as the day before, there is one. Else the
   first is by what the day before was ahead, if the clock shows the same there. What is skipped is
   read by the clock before the gap. #}
{% macro default__local_midnight(day) -%}
    {%- set second = utc_timestamp(day) -%}
    {%- if reporting_timezone() == 'UTC' -%}
        {{ second }}
    {%- else -%}
        {%- set wall = 'cast(' ~ day ~ ' as timestamp)' -%}
        {%- set day_before = '(' ~ second ~ " - interval '1 day')" -%}
        {%- set first = '(' ~ wall ~ ' + (' ~ day_before ~ ' - ' ~ local_timestamp(day_before) ~ '))' -%}
        case
            when {{ local_timestamp(day_before) }} + interval '1 day' = {{ wall }} then {{ second }}
            when {{ local_timestamp(first) }} = {{ wall }} then {{ first }}
            else {{ second }}
        end
    {%- endif -%}
{%- endmacro %}

{% macro default__end_of_gap(local) -%}
    list_min(list_filter(
        generate_series(
            {{ local_midnight(local) }} - interval '1 day', {{ local_midnight(local) }}, interval '1 minute'
        ),
        lambda instant: {{ local_timestamp('instant') }} >= {{ local }}
    ))
{%- endmacro %}

{% macro default__second_of_two(local) -%}
    {{ utc_timestamp(local) }}
{%- endmacro %}

{% macro default__days_between(first_date, last_date) -%}
    datediff('day', {{ first_date }}, {{ last_date }})
{%- endmacro %}

{% macro default__microseconds_between(first_instant, last_instant) -%}
    datediff('microsecond', {{ first_instant }}, {{ last_instant }})
{%- endmacro %}

{% macro default__date_series(first_date, last_date, relation, column) -%}
    select cast(series.{{ column }} as date) as {{ column }}
    from {{ relation }}
    cross join unnest(
        generate_series(cast({{ first_date }} as timestamp), cast({{ last_date }} as timestamp), interval '1 day')
    ) as series({{ column }})
{%- endmacro %}

{% macro default__add_seconds(instant, seconds) -%}
    {{ instant }} + to_seconds({{ seconds }})
{%- endmacro %}

{% macro default__add_microseconds(instant, microseconds) -%}
    ({{ instant }} + to_microseconds({{ microseconds }}))
{%- endmacro %}

{% macro default__try_cast(value, type) -%}
    try_cast({{ value }} as {{ type }})
{%- endmacro %}

{% macro default__explode(array, alias, column) -%}
    cross join unnest({{ array }}) as {{ alias }}({{ column }})
{%- endmacro %}

{% macro default__alternatives(text) -%}
    string_split(replace({{ text }}, '\|', {{ inner_bar() }}), '|')
{%- endmacro %}

{% macro default__trimmed(text) -%}
    regexp_replace({{ text }}, '^{{ blank_characters() }}+|{{ blank_characters() }}+$', '', 'g')
{%- endmacro %}

{% macro default__json_property(json, property) -%}
    json_extract_string(
        {{ json }}, '/' || replace(replace({{ property }}, '~', '~0'), '/', '~1')
    )
{%- endmacro %}

{% macro default__row_as_json(relation, columns) -%}
    cast(json_merge_patch('{}', json_object(
        {%- for column in columns %}
        '{{ column }}', {{ relation }}.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    )) as varchar)
{%- endmacro %}

{% macro default__raw_row_as_json(relation) -%}
    cast(json_merge_patch(
        json_merge_patch('{}', to_json({{ relation }})),
        '{"source_file": null, "row_number": null, "load_id": null, "content_hash": null}'
    ) as varchar)
{%- endmacro %}

{% macro default__explode_with_position(array, alias, position, column) -%}
    cross join (
        select
            unnest({{ array }}) as {{ column }},
            generate_subscripts({{ array }}, 1) as {{ position }}
    ) as {{ alias }}
{%- endmacro %}

{% macro default__integer_array(first_number, last_number) -%}
    generate_series({{ first_number }}, {{ last_number }})
{%- endmacro %}

{% macro default__split_text(text, separator) -%}
    string_split({{ text }}, '{{ separator }}')
{%- endmacro %}

{% macro default__struct_of(columns) -%}
    struct_pack({% for column in columns %}{{ column }} := {{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro default__value_shape(text) -%}
    substr(regexp_replace(
        regexp_replace(substr({{ text }}, 1, 200), '[\p{L}\p{M}]+', 'x', 'g'), '\p{N}', '9', 'g'
    ), 1, 40)
{%- endmacro %}

{% macro default__json_property_names(json) -%}
    array_to_string(json_keys({{ json }}), ', ')
{%- endmacro %}

{% macro default__is_like_pattern(text, pattern) -%}
    regexp_full_match({{ text }}, '(?s)' || {{ pattern }})
{%- endmacro %}

{% macro default__hashed_share(text) -%}
    cast('0x' || substr(md5({{ text }}), 1, 8) as bigint) / 4294967296.0
{%- endmacro %}

{% macro default__merged_objects(json, order) -%}
    cast(list_reduce(
        array_agg(json({{ json }}) order by {{ order | join(', ') }}),
        lambda merged, one: json_merge_patch(merged, one),
        json('{}')
    ) as varchar)
{%- endmacro %}

{% macro default__keyed_values(json) -%}
    '{' || array_to_string(list_transform(
        list_filter(
            json_extract({{ json }}, '$[*]'),
            lambda entry: json_extract_string(entry, '$.key') is not null
        ),
        lambda entry: cast(to_json(json_extract_string(entry, '$.key')) as varchar) || ':'
            || coalesce(cast(to_json(coalesce(
                json_extract_string(entry, '$.value.string_value'),
                json_extract_string(entry, '$.value.int_value'),
                json_extract_string(entry, '$.value.double_value'),
                json_extract_string(entry, '$.value.float_value')
            )) as varchar), 'null')
    ), ',') || '}'
{%- endmacro %}

{% macro default__paired_values(names, values) -%}
    '{' || array_to_string(list_transform(
        list_zip(json_extract({{ names }}, '$[*]'), json_extract({{ values }}, '$[*]')),
        lambda pair: cast(to_json(json_extract_string(pair[1], '$')) as varchar) || ':'
            || coalesce(cast(to_json(json_extract_string(pair[2], '$')) as varchar), 'null')
    ), ',') || '}'
{%- endmacro %}

{% macro default__json_path(json, names) -%}
    json_extract_string({{ json }}, '/{{ names | join('/') }}')
{%- endmacro %}

{% macro default__json_texts(json, names) -%}
    json_extract_string({{ json }}, [
        {%- for name in names %}
        '/{{ name if name is string else name | join('/') }}'{{ ',' if not loop.last }}
        {%- endfor %}
    ])
{%- endmacro %}

{% macro default__text_at(texts, place) -%}
    {{ texts }}[{{ place }}]
{%- endmacro %}

{# A case and no `try`, of which the optimizer (1.5.5) takes out what stands in it twice. #}
{% macro default__valid_json(text) -%}
    case when json_valid({{ text }}) then {{ text }} end
{%- endmacro %}

{% macro default__is_object(text) -%}
    case when json_valid({{ text }}) then json_type({{ text }}) = 'OBJECT' else false end
{%- endmacro %}

{# `BUILD_ATTEMPT` is set by the orchestrated build; a model that is built by hand is noted without,
   and nothing is resumed or published over it. It is not asked for while dbt parses: dbt would parse
   every model anew for each attempt. #}
{% macro default__note_built() -%}
    insert into raw.built_models (attempt_id, model_name)
    values ('{{ env_var('BUILD_ATTEMPT', '') if execute }}', '{{ model.unique_id }}')
{%- endmacro %}

{% macro default__refuse_other_rows() -%}
    {%- set columns = key_to_note() -%}
    {%- if columns and is_incremental() -%}
    select {{ raise_error(
        "'" ~ this.schema ~ '.' ~ this.name
        ~ " has other rows than the last build gave it: run `make rebuild`, or dbt with --full-refresh.'"
    ) }}
    from raw.row_checksums
    where
        model_name = '{{ model.unique_id }}'
        -- Another version may hash in another way.
        and engine_version = version()
        and checksum <> (select {{ checksum(columns) }} from {{ this }})
        and not exists (
            select 1 from {{ source('raw', 'restated_days') }} where load_id > {{ completed_load_id() }}
        )
    {%- endif -%}
{%- endmacro %}

{% macro default__note_rows() -%}
    {%- set columns = key_to_note() -%}
    {%- if columns -%}
    delete from raw.row_checksums where model_name = '{{ model.unique_id }}';

    insert into raw.row_checksums (model_name, engine_version, checksum)
    select
        '{{ model.unique_id }}',
        version(),
        {{ checksum(columns) }}
    from {{ this }}
    {%- endif -%}
{%- endmacro %}

{% macro default__with_recursive() -%}
    with recursive
{%- endmacro %}

{# The first cut of each run, and of what it leaves the first again. #}
{% macro default__session_cuts(events) -%}
    select
        user_id,
        run_started_at,
        min(occurred_at) as started_at
    from {{ events }}
    where occurred_at >= {{ dbt.dateadd('hour', var('session_max_hours'), 'run_started_at') }}
    group by user_id, run_started_at

    union all

    select
        events.user_id,
        events.run_started_at,
        min(events.occurred_at) as started_at
    from cuts
    inner join {{ events }} as events
        on cuts.user_id = events.user_id
        and cuts.run_started_at = events.run_started_at
        and events.occurred_at >= {{ dbt.dateadd(
            'hour', var('session_max_hours'), 'cuts.started_at'
        ) }}
    group by events.user_id, events.run_started_at
{%- endmacro %}

{% macro default__asked_of_drivers() -%}
    select
        kpi_id,
        segment_by
    from kpis
    where segment_by is not null

    union

    select
        drivers.driver_id as kpi_id,
        asked.segment_by
    from asked
    inner join drivers on asked.kpi_id = drivers.kpi_id
{%- endmacro %}

{% macro default__delete_standing(condition) -%}
    delete from {{ this }} where {{ condition }}
{%- endmacro %}
