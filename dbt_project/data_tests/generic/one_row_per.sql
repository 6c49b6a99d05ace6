{# No two rows share the values of these columns, where a null equals a null; and no value of
   `never_null` is missing. One test for both, and for all columns: each test costs a build 30 ms,
   whatever it looks for, and there would be 600. #}
{% test one_row_per(model, columns, never_null=[]) %}
select
    {{ columns | join(', ') }},
    count(*) as row_count,
    'more than one row' as problem
from {{ rows_to_test(model, columns) }}
group by {{ columns | join(', ') }}
having count(*) > 1
{%- if never_null %}
union all
select
    {{ columns | join(', ') }},
    1 as row_count,
    concat(
        'null'
        {%- for column in never_null %},
        case when {{ column }} is null then ' {{ column }}' else '' end
        {%- endfor %}
    ) as problem
from {{ rows_to_test(model, columns) }}
where
    {% for column in never_null -%}
    {{ column }} is null{{ ' or ' if not loop.last }}
    {%- endfor %}
{%- endif %}
{% endtest %}
