{# Share of a count in another, 0 to 1; null where the other is 0. #}
{% macro rate(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif({{ denominator }}, 0)
{%- endmacro %}

{# Of n values the one at rank ceil(n / 2), as an aggregate. #}
{% macro discrete_median(value) -%}
    percentile_disc(0.5) within group (order by {{ value }})
{%- endmacro %}

{# Bounds of Wilson's 95 % interval of a share, without a correction of continuity: `-` the lower,
   `+` the upper; null where the whole is 0. Rounding leads neither past the share, nor out of
   0 to 1. Source - E. B. Wilson, Probable inference, 1927. #}
{% macro wilson_bound(numerator, denominator, sign) -%}
    {%- set z = '1.959963984540054e0' -%}
    {%- set n = 'cast(' ~ denominator ~ ' as double)' -%}
    {%- set p = rate(numerator, denominator) -%}
    case when {{ denominator }} > 0 then {{ 'greatest(0, least(' if sign == '-' else 'least(1, greatest(' }}{{ p }}, (
        {{ p }} + {{ z }} * {{ z }} / (2 * {{ n }})
        {{ sign }} {{ z }} * sqrt(
            {{ p }} * (1 - {{ p }}) / {{ n }} + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }})
        )
    ) / (1 + {{ z }} * {{ z }} / {{ n }}))) end
{%- endmacro %}

{# A share of others and the bounds of its interval: three columns. #}
{% macro rate_with_bounds(numerator, denominator, name) -%}
    {{ rate(numerator, denominator) }} as {{ name }},
    {{ wilson_bound(numerator, denominator, '-') }} as {{ name }}_lower,
    {{ wilson_bound(numerator, denominator, '+') }} as {{ name }}_upper
{%- endmacro %}

{# The logarithm of a survival rate by Kaplan-Meier, as an aggregate over a window up to the day: a
   product is none of what engines share. All that are at risk may end: then nobody is left, and no
   logarithm says it. #}
{% macro log_survival(ended_count, at_risk_count) -%}
    sum(case
        when {{ ended_count }} < {{ at_risk_count }}
            then ln(1 - cast({{ ended_count }} as double) / {{ at_risk_count }})
    end)
{%- endmacro %}

{# A text -> a number from 0 to below 1 that is always the same, and evenly spread: the first 32 bits
   of its MD5. #}
{% macro hashed_share(text) -%}
    {{ adapter.dispatch('hashed_share')(text) }}
{%- endmacro %}
