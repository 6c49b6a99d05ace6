{# Where in its user's timeline an event of a relation stands. Ids are asked for where several share
   an instant, and there alone. #}
{% macro join_timeline(relation) -%}
    inner join {{ ref('dim_user_numbers') }} as users on {{ relation }}.user_id = users.user_id
    left join (
        select
            timelines.user_number,
            timelines.source_id,
            timelines.event_id,
            timelines.instant_place,
            timelines.occurred_at
        from {{ ref('fct_user_timelines') }} as timelines
        where timelines.instant_place > 0
    ) as shared
        on users.user_number = shared.user_number
        and {{ relation }}.occurred_at = shared.occurred_at
        and {{ relation }}.source_id = shared.source_id
        and {{ relation }}.event_id = shared.event_id
{%- endmacro %}

{% macro timeline_place(relation) -%}
    users.user_number,
    coalesce(shared.instant_place, 0) as instant_place,
    {{ relation }}.occurred_at
{%- endmacro %}
