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

{# Words with the parts of a text in them: `{1}` is what stands in the pattern's first brackets. #}
{% macro in_other_words(text, pattern, words) -%}
    {{ adapter.dispatch('in_other_words')(text, pattern, words) }}
{%- endmacro %}

{% macro default__in_other_words(text, pattern, words) -%}
    regexp_replace(
        {{ text }},
        '(?s)^' || {{ pattern }} || '$',
        replace(replace({{ words }}, '{', chr(92)), '}', '')
    )
{%- endmacro %}

{% macro spark__in_other_words(text, pattern, words) -%}
    regexp_replace(
        {{ text }},
        concat('(?s)^', {{ pattern }}, '$'),
        replace(replace({{ words }}, '{', '$'), '}', '')
    )
{%- endmacro %}
