{# The keys of a relation for which all conditions of their side hold, as a query: a row per key,
   condition and operand, with `property_value`. Of a condition one operand is enough, of a group
   one condition; every group must hold. #}
{% macro meeting_conditions(relation, keys) -%}
    select {{ keys | join(', ') }}
    from (
        select
            {{ keys | join(', ') }},
            condition_group,
            group_count
        from (
            select
                asked.*,
                coalesce({{ condition_holds() }}, false) as meets_operand
            from {{ relation }} as asked
        ) as compared
        group by
            {{ keys | join(', ') }}, condition_group, condition_number, group_count, operator
        having bool_or(meets_operand) <> (operator in ('is_not', 'not_contains'))
    ) as held
    group by {{ keys | join(', ') }}, group_count
    having count(distinct condition_group) = group_count
{%- endmacro %}

{# A text -> a number from 0 to below 1 that is always the same, and evenly spread: the first 32 bits
   of its MD5. #}
{% macro hashed_share(text) -%}
    {{ adapter.dispatch('hashed_share')(text) }}
{%- endmacro %}
