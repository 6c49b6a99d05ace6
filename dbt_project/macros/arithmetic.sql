{# Share of a count in another, 0 to 1; null where the other is 0. #}
{% macro rate(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif({{ denominator }}, 0)
{%- endmacro %}

{# Of n values the one at rank ceil(n / 2), as an aggregate. #}
{% macro discrete_median(value) -%}
    percentile_disc(0.5) within group (order by {{ value }})
{%- endmacro %}

{# Bounds of Wilson's 95 % interval of a share, without a correction of continuity; null where the
   whole is 0. Source - E. B. Wilson, Probable inference, 1927. #}
{% macro wilson_bound(numerator, denominator, sign) -%}
    {%- set z = '1.959963984540054e0' -%}
    {%- set n = 'cast(' ~ denominator ~ ' as double)' -%}
    {%- set p = rate(numerator, denominator) -%}
    (
        {{ p }} + {{ z }} * {{ z }} / (2 * nullif({{ n }}, 0))
        {{ sign }} {{ z }} * sqrt(
            {{ p }} * (1 - {{ p }}) / nullif({{ n }}, 0)
            + {{ z }} * {{ z }} / (4 * nullif({{ n }}, 0) * nullif({{ n }}, 0))
        )
    ) / (1 + {{ z }} * {{ z }} / nullif({{ n }}, 0))
{%- endmacro %}
