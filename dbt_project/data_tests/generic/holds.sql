{# The condition holds for every row; a row for which it is unknown does not hold. #}
{% test holds(model, condition) %}
select *
from {{ model }}
where not coalesce({{ condition }}, false)
{% endtest %}
