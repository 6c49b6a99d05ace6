{# What a tag says; null where it says that there is nothing to say. #}
{% macro given_tag(tag) -%}
    case when lower({{ tag }}) not in ('', '(direct)', '(none)', '(not set)') then {{ tag }} end
{%- endmacro %}

{# The host of a referrer, in small letters, without `www.` and port; null where it names none.
   Classes rather than backslashes, which engines read each in their own way. #}
{% macro referrer_host(referrer) -%}
    nullif(regexp_extract(
        lower({{ referrer }}),
        '^(?:(?:[a-z][a-z0-9+.-]*:)?//)?(?:[^/?#@]*@)?(?:www[.])?([^/?#:@ ]+)(?::[0-9]*)?(?:[/?#]|$)',
        1
    ), '')
{%- endmacro %}

{# The models that credit touches by a rule, and Shapley's, which is one of channels. #}
{% macro attribution_models() -%}
    {{ return(
        ['first', 'last', 'last_non_direct', 'linear', 'position', 'time_decay', 'shapley']
    ) }}
{%- endmacro %}
