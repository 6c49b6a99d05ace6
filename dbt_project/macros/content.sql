{# Events of content of the roles of `roles`, each with the last one of the first role (a read, an
   exposure) that the same user had of the same piece at or before it, within `seconds`: a query. It
   is the `opening_number`th that the query sees, at `opened_at`; up to `settled_at` something may
   still be of it. Where users are touched, of those that may be settled in another way. Of 5 million
   events a window takes 15 % more than a join to what is near, and no piece that somebody sees a
   thousand times takes it longer. #}
{% macro opened_events(roles, seconds) -%}
    {%- set opened_at = "case when role = '" ~ roles[0] ~ "' then occurred_at end" -%}
    select
        numbered.*,
        {{ add_seconds('numbered.opened_at', seconds) }} as settled_at
    from (
        select
            events.*,
            count({{ opened_at }}) over so_far as opening_number,
            max({{ opened_at }}) over so_far as opened_at
        from (
            select content_events.*
            from {{ ref('fct_content_events') }} as content_events
            {%- if is_incremental() %}
            inner join touched_users
                on content_events.user_id = touched_users.user_id
                and {{ add_seconds('content_events.occurred_at', seconds) }}
                >= touched_users.recompute_from_at
            {%- endif %}
            where content_events.role in ('{{ roles | join("', '") }}')
        ) as events
        window so_far as (
            partition by user_id, content_id
            order by {{ event_order() }}
            rows between unbounded preceding and current row
        )
    ) as numbered
    where {{ add_seconds('numbered.opened_at', seconds) }} >= numbered.occurred_at
{%- endmacro %}

{# Whether a piece was taken down after it was shown, and not published since; `turns` has its last
   publish, and its last unpublish unless a publish follows it on its day. At one instant the later
   by its id counts. #}
{% macro is_unpublished(turns, shown_at) -%}
    coalesce(
        {{ turns }}.last_unpublish_at >= greatest({{ turns }}.last_publish_at, {{ shown_at }})
        and (
            {{ turns }}.last_unpublish_at > {{ shown_at }}
            or {{ turns }}.last_unpublish_at = {{ turns }}.last_publish_at
        ),
        false
    )
{%- endmacro %}

{# Days after the start of a piece at which its windows end; one more window never ends. #}
{% macro content_windows() -%}
    {{ return([1, 7, 30]) }}
{%- endmacro %}

{# What is counted of a piece in a window: of which roles of `step_content_moments`, by what. #}
{% macro content_counts() -%}
    {%- set is_led_on = 'case when has_led_on then 1 else 0 end' -%}
    {{ return({
        'exposure_count': (['exposure'], 1),
        'clicked_exposure_count': (['exposure'], is_led_on),
        'click_count': (['click'], 1),
        'read_count': (['read_start'], 1),
        'finished_read_count': (['read_start'], is_led_on),
        'dwell_read_count': (['read_start'], 'case when dwell_seconds is not null then 1 else 0 end'),
        'interaction_count': (['like', 'comment', 'favourite', 'follow', 'share'], 1),
        'share_count': (['share'], 1),
        'share_open_count': (['share_open'], 1),
    }) }}
{%- endmacro %}
