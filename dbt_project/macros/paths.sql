{# Text of an item of a path without the characters at its end that do not count, unless it
   has no others: with `/`, `/about/` is `/about`, and `/` stays. #}
{% macro path_item(text, ending) -%}
    coalesce(nullif(trim(trailing {{ ending }} from {{ text }}), ''), {{ text }})
{%- endmacro %}

{# The positions at which a path may have items, from the first to the last; a path has 50 steps at
   the most (seeds/schemas/paths.yml). #}
{% macro path_positions() -%}
    {%- set bounds = asked('path_positions', [-50, 50]) -%}
    {{ return(range(bounds[0], bounds[1] + 1)) }}
{%- endmacro %}
