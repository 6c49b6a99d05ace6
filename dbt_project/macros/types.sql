{# A cast that gives null instead of an error. dbt's own `safe_cast` is a plain cast on
   DuckDB; Spark's cast gives null outside ANSI mode. #}
{% macro try_cast(value, type) -%}
    {{ adapter.dispatch('try_cast')(value, type) }}
{%- endmacro %}

{# Text -> number, null where it is none. DuckDB alone takes 1_000 for one. #}
{% macro parse_number(text, type) -%}
    {{ try_cast("replace(" ~ text ~ ", '_', '?')", type) }}
{%- endmacro %}

{# Yes or no, however an export or a spreadsheet writes it; null where it is neither. Cells of
   definitions are read alike (orchestration/ingest/definitions/cells.py). #}
{% macro parse_boolean(text) -%}
    case
        when lower({{ trimmed(text) }}) in ('true', 't', 'yes', 'y', '1', '1.0', '是', '对', '真')
            then true
        when lower({{ trimmed(text) }}) in ('false', 'f', 'no', 'n', '0', '0.0', '否', '不', '不是', '假')
            then false
    end
{%- endmacro %}

{# Array -> rows, as a from-clause item: alias(column). #}
{% macro explode(array, alias, column) -%}
    {{ adapter.dispatch('explode')(array, alias, column) }}
{%- endmacro %}

{# What stands for a bar inside a part while a text is split: no name has these characters. #}
{% macro inner_bar() -%}
    (chr(1) || chr(2) || chr(1))
{%- endmacro %}

{# Text -> array of its alternatives: parts between bars; `\|` is a bar in a part. #}
{% macro alternatives(text) -%}
    {{ adapter.dispatch('alternatives')(text) }}
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

{# Value of a top-level property of a JSON object as text, whatever its name; null where it is
   missing. A pointer, because `*` in a path stands for every key. #}
{% macro json_property(json, property) -%}
    {{ adapter.dispatch('json_property')(json, property) }}
{%- endmacro %}

{# Some columns of a relation as the text of one JSON object, without those that are null. #}
{% macro row_as_json(relation, columns) -%}
    {{ adapter.dispatch('row_as_json')(relation, columns) }}
{%- endmacro %}

{# A whole row of a raw table as the text of one JSON object: its own columns that are not
   null, without those that ingest added. #}
{% macro raw_row_as_json(relation) -%}
    {{ adapter.dispatch('raw_row_as_json')(relation) }}
{%- endmacro %}

{# Array -> rows with their position, as a from-clause item: alias(position, column). #}
{% macro explode_with_position(array, alias, position, column) -%}
    {{ adapter.dispatch('explode_with_position')(array, alias, position, column) }}
{%- endmacro %}

{# Whole numbers from one to another, both included, as an array. #}
{% macro integer_array(first_number, last_number) -%}
    {{ adapter.dispatch('integer_array')(first_number, last_number) }}
{%- endmacro %}

{# Text -> array of the parts between a plain separator. #}
{% macro split_text(text, separator) -%}
    {{ adapter.dispatch('split_text')(text, separator) }}
{%- endmacro %}

{# Several columns as one value, its fields named as they are; it compares field by field. #}
{% macro struct_of(columns) -%}
    {{ adapter.dispatch('struct_of')(columns) }}
{%- endmacro %}

{# What a text looks like, without what it says: each run of letters is `x`, each digit `9`;
   40 characters of it. A date with slashes still shows as one, a name does not show. #}
{% macro value_shape(text) -%}
    {{ adapter.dispatch('value_shape')(text) }}
{%- endmacro %}

{# Names of the top-level properties of a JSON object, with commas between. #}
{% macro json_property_names(json) -%}
    {{ adapter.dispatch('json_property_names')(json) }}
{%- endmacro %}

{# Whether a text is as a pattern says, from its first character to its last. #}
{% macro is_like_pattern(text, pattern) -%}
    {{ adapter.dispatch('is_like_pattern')(text, pattern) }}
{%- endmacro %}
