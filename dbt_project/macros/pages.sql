{# Views and clicks of a relation like `step_page_events`, by session, page and element: how many, and
   whether the first view of the session, and the last, is among them. #}
{% macro session_pages(events) -%}
    select
        user_id,
        session_id,
        page,
        element,
        count(*) as event_count,
        max(case when view_number = 1 then 1 else 0 end) = 1 as is_entry,
        max(case when view_number = view_count then 1 else 0 end) = 1 as is_exit
    from (
        select
            events.*,
            case
                when element is null then row_number() over (
                    partition by session_id, element is null order by {{ event_order() }}
                )
            end as view_number,
            count(*) over (partition by session_id, element is null) as view_count
        from {{ events }} as events
    ) as numbered
    group by user_id, session_id, page, element
{%- endmacro %}
