{# What an expiry kept of raw rows that are gone, with the people whom today's links say: what
   was archived of a device belongs to whoever signed in on it since. #}
{% macro archived_rows(model, columns) -%}
    select
        coalesce(links.user_id, archived.user_id) as user_id
        {%- for column in columns %},
        archived.{{ column }}
        {%- endfor %}
    from {{ ref(model) }} as archived
    left join {{ ref('int_identity_links') }} as links
        on archived.user_id = {{ anonymous_user_id('links.anonymous_id') }}
{%- endmacro %}

{# Archived rows behind those that are computed of raw, whose days they never share. `columns`
   are those of the rows above, in their order: `key`, or how rows of two ids of one person
   become one (`sum`, `min`, `max`). `touched` names the column that an incremental model replaces
   from `recompute_from_date` on; `recomputed` is what the config of a model that is computed by
   user says. #}
{% macro union_archived(model, columns, touched=none, recomputed=none) -%}
    {%- set keys = [] -%}
    {%- for column, use in columns.items() if use == 'key' %}{% do keys.append('archived.' ~ column) %}{% endfor -%}
    union all

    select
        {%- for column, use in columns.items() %}
        {% if use == 'key' -%}
        archived.{{ column }}
        {%- elif use == 'sum' -%}
        cast(sum(archived.{{ column }}) as bigint) as {{ column }}
        {%- else -%}
        {{ use }}(archived.{{ column }}) as {{ column }}
        {%- endif %}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ archived_rows(model, columns.keys() | reject('equalto', 'user_id')) }}
    ) as archived
    {%- if recomputed %}
    {{ join_recomputed(recomputed['by'], 'archived', recomputed['from']) }}
    {%- endif %}
    {%- if touched and is_incremental() %}
    where exists (
        select 1
        from touched_users
        where
            touched_users.user_id = archived.user_id
            and touched_users.recompute_from_date <= archived.{{ touched }}
    )
    {%- endif %}
    group by {{ keys | join(', ') }}
{%- endmacro %}

{# Whether a definition still says what it said when rows of it were archived: else they are
   left out, because what is gone cannot be counted in another way. #}
{% macro definition_is_as_archived(definition, definition_id) -%}
    exists (
        select 1
        from {{ source('raw_archive', 'archived_definitions') }} as archived_definitions
        where
            archived_definitions.definition = {{ definition }}
            and archived_definitions.definition_id = {{ definition_id }}
            and archived_definitions.archived_hash = archived_definitions.present_hash
    )
{%- endmacro %}
