{# An archive as the last expiry left it. One that is named for a kind of definition is without those
   that say something else by now: what is gone cannot be counted in another way. #}
{% macro archived(archive) -%}
    {%- set relation = source('archive', archive) -%}
    {%- set kind = archive.split('_')[1] -%}
    {%- set names = ["'" ~ kind ~ "'", 'kept.' ~ kind ~ '_id']
        if kind in ('activity', 'stickiness', 'retention', 'funnel', 'path', 'conversion', 'measure', 'survival', 'feature', 'kpi')
        else ['kept.definition', 'kept.definition_id'] if archive == 'arc_first_events' -%}
    {%- if names -%}
    (
        select kept.*
        from {{ relation }} as kept
        where exists (
            select 1
            from {{ source('archive', 'arc_definitions') }} as definitions
            where
                definitions.definition = {{ names[0] }}
                and definitions.definition_id = {{ names[1] }}
                and definitions.archived_hash = definitions.present_hash
        )
    )
    {%- else -%}
    {{ relation }}
    {%- endif -%}
{%- endmacro %}

{# Its rows with the people whom today's links say: what was archived of a device belongs to whoever
   signed in on it since; those alone that meet a condition, `where` there is one. #}
{% macro archived_rows(archive, columns, where=none) -%}
    select
        coalesce(links.user_id, archived.user_id) as user_id
        {%- for column in columns %},
        archived.{{ column }}
        {%- endfor %}
    from {{ archived(archive) }} as archived
    left join {{ ref('int_identity_links') }} as links
        on archived.user_id = {{ anonymous_user_id('links.anonymous_id') }}
    {%- if where %}
    where {{ where }}
    {%- endif %}
{%- endmacro %}

{# Archived rows behind those that are computed of raw, whose days they never share. `columns`
   are those of the rows above, in their order: a list, or where rows of two ids of one person
   become one, by column `key` or how they do (`sum` of whole numbers, `sum_value`, `min`, `max`). `touched` names the instant or
   the day from which an incremental model replaces rows of touched users; `recomputed` is what the
   config of a model that is computed by user says. #}
{% macro union_archived(archive, columns, touched=none, recomputed=none, where=none) -%}
    {%- set keys = [] -%}
    union all

    select
        {%- for column in columns %}
        {%- set use = columns[column] if columns is mapping else 'key' %}
        {% if use == 'key' -%}
        {%- do keys.append('archived.' ~ column) -%}
        archived.{{ column }}
        {%- elif use == 'sum' -%}
        cast(sum(archived.{{ column }}) as bigint) as {{ column }}
        {%- elif use == 'sum_value' -%}
        cast(sum(archived.{{ column }}) as decimal(38, 12)) as {{ column }}
        {%- else -%}
        {{ use }}(archived.{{ column }}) as {{ column }}
        {%- endif %}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ archived_rows(archive, columns | reject('equalto', 'user_id'), where) }}
    ) as archived
    {%- if recomputed %}
    {{ join_recomputed(recomputed['by'], 'archived', recomputed['from']) }}
    {%- endif %}
    {%- if touched %}
    {{ join_touched('archived', touched, 'recompute_from_' ~ touched.split('_')[-1]) }}
    {%- endif %}
    {%- if columns is mapping %}
    group by {{ keys | join(', ') }}
    {%- endif %}
{%- endmacro %}

{# Where the archive that an expiry is about to write ends: `cutoff_at`, its day `cutoff_date`, or
   `paths_from_at`. #}
{% macro cut(column) -%}
    (select cut.{{ column }} from {{ source('archive_next', 'cut') }} as cut)
{%- endmacro %}

{# What of a fact lies before the cut: the columns that the contract of the archive names. #}
{% macro rows_before_the_cut(fact, instant, cut_column) -%}
select
    {{ model.columns | join(',\n    ') }}
from {{ ref(fact) }} as fact
where fact.{{ instant }} < {{ cut(cut_column) }}
{%- endmacro %}

{# And what the archive held before. #}
{% macro archived_before() -%}
    select {{ model.columns | join(', ') }}
    from {{ archived(model.name) }} as archived
{%- endmacro %}
