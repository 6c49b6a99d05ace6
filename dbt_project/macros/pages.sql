{# Views and clicks of a relation like `step_page_events`, by session, page and element: how many, and
   whether the first view of the session, and the last, is among them. By aggregates, which need no
   sort. #}
{% macro session_pages(events) -%}
    {%- set in_order = struct_of(['occurred_at', 'source_id', 'event_id']) -%}
    select
        counted.*,
        coalesce(counted.element is null and counted.page = ends.entry_page, false) as is_entry,
        coalesce(counted.element is null and counted.page = ends.exit_page, false) as is_exit
    from (
        select
            user_id,
            session_id,
            page,
            element,
            count(*) as event_count
        from {{ events }}
        group by user_id, session_id, page, element
    ) as counted
    left join (
        select
            session_id,
            min_by(page, {{ in_order }}) as entry_page,
            max_by(page, {{ in_order }}) as exit_page
        from {{ events }}
        where element is null
        group by session_id
    ) as ends on counted.session_id = ends.session_id
{%- endmacro %}
