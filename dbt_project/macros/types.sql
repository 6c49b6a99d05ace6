{# A cast that gives null instead of an error. dbt's own `safe_cast` is a plain cast on
   DuckDB; Spark's cast gives null outside ANSI mode. #}
{% macro try_cast(value, type) -%}
    {{ adapter.dispatch('try_cast')(value, type) }}
{%- endmacro %}

{% macro default__try_cast(value, type) -%}
    try_cast({{ value }} as {{ type }})
{%- endmacro %}

{% macro spark__try_cast(value, type) -%}
    try_cast({{ value }} as {{ type }})
{%- endmacro %}

{# Array -> rows, as a from-clause item: alias(column). #}
{% macro explode(array, alias, column) -%}
    {{ adapter.dispatch('explode')(array, alias, column) }}
{%- endmacro %}

{% macro default__explode(array, alias, column) -%}
    cross join unnest({{ array }}) as {{ alias }}({{ column }})
{%- endmacro %}

{% macro spark__explode(array, alias, column) -%}
    lateral view explode({{ array }}) {{ alias }} as {{ column }}
{%- endmacro %}

{# What stands for a bar inside a part while a text is split: no name has these characters. #}
{% macro inner_bar() -%}
    (chr(1) || chr(2) || chr(1))
{%- endmacro %}

{# Text -> array of its alternatives: parts between bars; `\|` is a bar in a part. #}
{% macro alternatives(text) -%}
    {{ adapter.dispatch('alternatives')(text) }}
{%- endmacro %}

{% macro default__alternatives(text) -%}
    string_split(replace({{ text }}, '\|', {{ inner_bar() }}), '|')
{%- endmacro %}

{% macro spark__alternatives(text) -%}
    split(replace({{ text }}, '\\|', {{ inner_bar() }}), '[|]')
{%- endmacro %}

{# One part of `alternatives`, its bars restored and its margins trimmed. #}
{% macro alternative(part) -%}
    {{ trimmed("replace(" ~ part ~ ", " ~ inner_bar() ~ ", '|')") }}
{%- endmacro %}

{# What is nothing around an id or a name: white space, control characters and marks that show
   nothing, as a class of a regular expression. Variation selectors and tags of flags are left:
   they change what is seen. Ingest has the same; a test holds them together. #}
{% macro blank_characters() -%}
    [\x00-\x20\x7f-\xa0\xad\x{034f}\x{061c}\x{115f}\x{1160}\x{1680}\x{17b4}\x{17b5}\x{180e}\x{2000}-\x{200f}\x{2028}-\x{202f}\x{205f}-\x{206f}\x{2800}\x{3000}\x{3164}\x{feff}\x{ffa0}\x{fff9}-\x{fffb}]
{%- endmacro %}

{# Text without `blank_characters` at its margins. Of 5 million ids it takes 0.2 processor seconds
   more than a bare trim; a test of the ends before it loses more where values repeat, because
   DuckDB looks at each of those once. #}
{% macro trimmed(text) -%}
    {{ adapter.dispatch('trimmed')(text) }}
{%- endmacro %}

{% macro default__trimmed(text) -%}
    regexp_replace({{ text }}, '^{{ blank_characters() }}+|{{ blank_characters() }}+$', '', 'g')
{%- endmacro %}

{% macro spark__trimmed(text) -%}
    {%- set blanks = blank_characters() | replace('\\', '\\\\') -%}
    regexp_replace({{ text }}, '^{{ blanks }}+|{{ blanks }}+$', '')
{%- endmacro %}

{# Value of a top-level property of a JSON object as text, whatever its name; null where it is
   missing. A pointer, because `*` in a path stands for every key. #}
{% macro json_property(json, property) -%}
    {{ adapter.dispatch('json_property')(json, property) }}
{%- endmacro %}

{% macro default__json_property(json, property) -%}
    json_extract_string(
        {{ json }}, '/' || replace(replace({{ property }}, '~', '~0'), '/', '~1')
    )
{%- endmacro %}

{% macro spark__json_property(json, property) -%}
    from_json({{ json }}, 'map<string,string>')[{{ property }}]
{%- endmacro %}

{# Some columns of a relation as the text of one JSON object, without those that are null. #}
{% macro row_as_json(relation, columns) -%}
    {{ adapter.dispatch('row_as_json')(relation, columns) }}
{%- endmacro %}

{% macro default__row_as_json(relation, columns) -%}
    cast(json_merge_patch('{}', json_object(
        {%- for column in columns %}
        '{{ column }}', {{ relation }}.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    )) as varchar)
{%- endmacro %}

{% macro spark__row_as_json(relation, columns) -%}
    to_json(named_struct(
        {%- for column in columns %}
        '{{ column }}', {{ relation }}.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}

{# A whole row of a raw table as the text of one JSON object: its own columns that are not
   null, without those that ingest added. #}
{% macro raw_row_as_json(relation) -%}
    {{ adapter.dispatch('raw_row_as_json')(relation) }}
{%- endmacro %}

{% macro default__raw_row_as_json(relation) -%}
    cast(json_merge_patch(
        json_merge_patch('{}', to_json({{ relation }})),
        '{"source_file": null, "row_number": null, "load_id": null, "content_hash": null}'
    ) as varchar)
{%- endmacro %}

{% macro spark__raw_row_as_json(relation) -%}
    to_json(struct({{ relation }}.*))
{%- endmacro %}

{# Array -> rows with their position, as a from-clause item: alias(position, column). #}
{% macro explode_with_position(array, alias, position, column) -%}
    {{ adapter.dispatch('explode_with_position')(array, alias, position, column) }}
{%- endmacro %}

{% macro default__explode_with_position(array, alias, position, column) -%}
    cross join (
        select
            unnest({{ array }}) as {{ column }},
            generate_subscripts({{ array }}, 1) as {{ position }}
    ) as {{ alias }}
{%- endmacro %}

{% macro spark__explode_with_position(array, alias, position, column) -%}
    lateral view posexplode({{ array }}) {{ alias }} as {{ position }}, {{ column }}
{%- endmacro %}

{# Whole numbers from one to another, both included, as an array. #}
{% macro integer_array(first_number, last_number) -%}
    {{ adapter.dispatch('integer_array')(first_number, last_number) }}
{%- endmacro %}

{% macro default__integer_array(first_number, last_number) -%}
    generate_series({{ first_number }}, {{ last_number }})
{%- endmacro %}

{% macro spark__integer_array(first_number, last_number) -%}
    sequence({{ first_number }}, {{ last_number }})
{%- endmacro %}

{# Text -> array of the parts between a plain separator. #}
{% macro split_text(text, separator) -%}
    {{ adapter.dispatch('split_text')(text, separator) }}
{%- endmacro %}

{% macro default__split_text(text, separator) -%}
    string_split({{ text }}, '{{ separator }}')
{%- endmacro %}

{% macro spark__split_text(text, separator) -%}
    split({{ text }}, '[{{ separator }}]')
{%- endmacro %}

{# Several columns as one value, its fields named as they are; it compares field by field. #}
{% macro struct_of(columns) -%}
    {{ adapter.dispatch('struct_of')(columns) }}
{%- endmacro %}

{% macro default__struct_of(columns) -%}
    struct_pack({% for column in columns %}{{ column }} := {{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro spark__struct_of(columns) -%}
    struct({{ columns | join(', ') }})
{%- endmacro %}

{# What a text looks like, without what it says: each run of letters is `x`, each digit `9`;
   40 characters of it. A date with slashes still shows as one, a name does not show. #}
{% macro value_shape(text) -%}
    {{ adapter.dispatch('value_shape')(text) }}
{%- endmacro %}

{% macro default__value_shape(text) -%}
    substr(regexp_replace(
        regexp_replace(substr({{ text }}, 1, 200), '[\p{L}\p{M}]+', 'x', 'g'), '\p{N}', '9', 'g'
    ), 1, 40)
{%- endmacro %}

{% macro spark__value_shape(text) -%}
    substr(regexp_replace(
        regexp_replace(substr({{ text }}, 1, 200), '[\\p{L}\\p{M}]+', 'x'), '\\p{N}', '9'
    ), 1, 40)
{%- endmacro %}

{# Names of the top-level properties of a JSON object, with commas between. #}
{% macro json_property_names(json) -%}
    {{ adapter.dispatch('json_property_names')(json) }}
{%- endmacro %}

{% macro default__json_property_names(json) -%}
    array_to_string(json_keys({{ json }}), ', ')
{%- endmacro %}

{% macro spark__json_property_names(json) -%}
    array_join(json_object_keys({{ json }}), ', ')
{%- endmacro %}

{# Whether a text is as a pattern says, from its first character to its last. #}
{% macro is_like_pattern(text, pattern) -%}
    {{ adapter.dispatch('is_like_pattern')(text, pattern) }}
{%- endmacro %}

{% macro default__is_like_pattern(text, pattern) -%}
    regexp_full_match({{ text }}, '(?s)' || {{ pattern }})
{%- endmacro %}

{% macro spark__is_like_pattern(text, pattern) -%}
    {{ text }} rlike concat('(?s)^(?:', {{ pattern }}, ')$')
{%- endmacro %}
