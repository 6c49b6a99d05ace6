{# Text of an item of a path without the characters at its end that do not count, unless it
   has no others: with `/`, `/about/` is `/about`, and `/` stays. #}
{% macro path_item(text, ending) -%}
    coalesce(nullif(trim(trailing {{ ending }} from {{ text }}), ''), {{ text }})
{%- endmacro %}

{# The positions at which a relation has items, from the first to the last; 0 where it has none. #}
{% macro path_positions(items) -%}
    {%- if not execute or load_relation(items) is none -%}
        {{ return([0]) }}
    {%- endif -%}
    {%- set query -%}
    select coalesce(min(position), 0), coalesce(max(position), 0) from {{ items }}
    {%- endset -%}
    {%- set bounds = run_query(query).rows[0] -%}
    {{ return(range(bounds[0] | int, bounds[1] | int + 1)) }}
{%- endmacro %}
