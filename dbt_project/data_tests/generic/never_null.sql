{# None of these columns is ever null; of a table that has a key, `one_row_per` says it too. #}
{% test never_null(model, columns) %}
select *
from {{ model }}
where
    {% for column in columns -%}
    {{ column }} is null{{ ' or ' if not loop.last }}
    {%- endfor %}
{% endtest %}
