{# No two rows share the values of `columns`, where a null equals a null. Of each row: no value of
   `never_null` is missing; no value of `at_least` is below its bound, nor one of `one_of` another
   than those, where null passes; each condition of `holds` is true, not unknown. One test a table,
   because each costs a build 30 ms, whatever it looks for; `problem` says what is wrong. #}
{% test one_row_per(model, columns, never_null=[], at_least={}, one_of={}, holds=[]) %}
{%- set broken = {} -%}
{%- for column in never_null %}{% do broken.update({column ~ ' is null': column ~ ' is null'}) %}{% endfor -%}
{%- for column, bound in at_least.items() -%}
    {%- do broken.update({column ~ ' < ' ~ bound: column ~ ' is below ' ~ bound}) -%}
{%- endfor -%}
{%- for column, values in one_of.items() -%}
    {%- set listed -%}
    {% for value in values %}{{ dbt.string_literal(value) if value is string else value }}{{ ', ' if not loop.last }}{% endfor %}
    {%- endset -%}
    {%- do broken.update({column ~ ' not in (' ~ listed ~ ')': column ~ ' is none of its values'}) -%}
{%- endfor -%}
{%- for condition in holds -%}
    {%- do broken.update({'not coalesce(' ~ condition ~ ', false)': 'not: ' ~ condition}) -%}
{%- endfor -%}
select
    {{ columns | join(', ') }},
    count(*) as row_count,
    'more than one row' as problem
from {{ rows_to_test(model, columns) }}
group by {{ columns | join(', ') }}
having count(*) > 1
{%- if broken %}
union all
select
    {{ columns | join(', ') }},
    1 as row_count,
    concat(
        {%- for condition, problem in broken.items() %}
        case when {{ condition }} then {{ dbt.string_literal(dbt.escape_single_quotes(problem ~ '; ')) }} else '' end
        {{- ',' if not loop.last }}
        {%- endfor %}
    ) as problem
from {{ model }}
where
    {% for condition in broken -%}
    {{ condition }}{{ ' or ' if not loop.last }}
    {%- endfor %}
{%- endif %}
{% endtest %}
