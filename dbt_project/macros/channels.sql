{# What a tag says; null where it says that there is nothing to say. #}
{% macro given_tag(tag) -%}
    case when lower({{ tag }}) not in ('', '(direct)', '(none)', '(not set)') then {{ tag }} end
{%- endmacro %}

{# The host of a referrer, in small letters, without `www.` and port; null where it names none.
   Classes rather than backslashes, which engines read each in their own way. Logs write `-` and
   `null` where there is none. #}
{% macro referrer_host(referrer) -%}
    nullif(nullif(nullif(regexp_extract(
        lower({{ referrer }}),
        '^(?:(?:[a-z][a-z0-9+.-]*:)?//)?(?:[^/?#@]*@)?(?:www[.])?([^/?#:@ ()]+)(?::[0-9]+)?(?:[/?#]|$)',
        1
    ), ''), '-'), 'null')
{%- endmacro %}

{# What each model but Markov's gives of a whole (a conversion, its value, the sum of many) to touches
   that stand alike in their paths: `is_first`, `is_last`, `is_last_non_direct`, `touch_count`. What
   time decay and Shapley give is no matter of the place; it is given. A macro, because credits ask
   it of each touch, and the mart of all that stand alike. #}
{% macro attribution_parts(whole, time_decay, shapley) -%}
    {{ return({
        'first': 'case when is_first then ' ~ whole ~ ' else 0 end',
        'last': 'case when is_last then ' ~ whole ~ ' else 0 end',
        'last_non_direct': 'case when is_last_non_direct then ' ~ whole ~ ' else 0 end',
        'linear': 'cast(' ~ whole ~ ' as double) / touch_count',
        'position': 'cast(' ~ whole ~ ' as double) * case
            when touch_count = 1 then 1
            when touch_count = 2
                then case when is_first then first_weight else last_weight end
                / (first_weight + last_weight)
            when is_first then first_weight
            when is_last then last_weight
            else (1 - first_weight - last_weight) / (touch_count - 2)
        end',
        'time_decay': time_decay,
        'shapley': shapley,
    }) }}
{%- endmacro %}
