{# Text of an item of a path without the characters at its end that do not count, unless it
   has no others: with `/`, `/about/` is `/about`, and `/` stays. #}
{% macro path_item(text, ending) -%}
    coalesce(nullif(trim(trailing {{ ending }} from {{ text }}), ''), {{ text }})
{%- endmacro %}

{# The positions at which a path may have items, from the first to the last; a path has 50 steps at
   the most (seeds/schemas/paths.yml). A build is told those that the paths ask for (`BUILD_ASKED`,
   from orchestration/transform/transforming.py), while it runs: were dbt told while it parses, it
   would parse every model anew for other paths. #}
{% macro path_positions() -%}
    {%- set told = env_var('BUILD_ASKED', '') if execute else '' -%}
    {%- set bounds = fromjson(told)['path_positions'] if told else [-50, 50] -%}
    {{ return(range(bounds[0], bounds[1] + 1)) }}
{%- endmacro %}
