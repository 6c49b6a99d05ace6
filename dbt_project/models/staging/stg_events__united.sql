{{ config(materialized='view') }}
{# The sources come from a var, so that a new one is a folder and a word. #}
{% for source_name in var('event_sources') -%}
select
    source_id,
    event_id,
    event_name,
    user_id,
    anonymous_id,
    session_id,
    {% for column in event_text_columns() -%}
    {{ column }},
    {% endfor -%}
    amount,
    properties,
    malformed_payload,
    content_hash,
    source_file,
    row_number,
    load_id,
    occurred_at,
    received_at
from {{ ref('stg_' ~ source_name ~ '__events') }}
{{ 'union all' if not loop.last }}
{% endfor %}
