{# Text of an item of a path without the characters at its end that do not count, unless it
   has no others: with `/`, `/about/` is `/about`, and `/` stays. #}
{% macro path_item(text, ending) -%}
    coalesce(nullif(trim(trailing {{ ending }} from {{ text }}), ''), {{ text }})
{%- endmacro %}
