{{ config(materialized='view') }}
{# Loops, because the same is asked of every column of ids of every feed. #}
with

files as (

    select
        load_id,
        feed
    from {{ source('raw', 'ingest_files') }}

),

ids as (

    {% for column in event_id_columns() -%}
    select
        load_id,
        '{{ column }}' as column_name,
        {{ column }} as given_id
    from {{ ref('stg_events') }}

    union all

    {% endfor -%}
    {% for feed, columns in feed_id_columns().items() -%}
    {% for column in columns -%}
    select
        load_id,
        '{{ column }}' as column_name,
        {{ given_id(feed, column) }} as given_id
    from (
        {{ staged_feed_rows(feed) | indent(8) }}
    ) as {{ feed }}

    {% if not loop.last %}union all{% endif %}

    {% endfor -%}
    {% if not loop.last %}union all{% endif %}

    {% endfor %}

)

select
    files.feed,
    ids.column_name,
    ids.given_id,
    ids.load_id
from ids
inner join files on ids.load_id = files.load_id
where ids.given_id is not null
