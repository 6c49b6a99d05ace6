{{ config(materialized='view') }}
with

umeng as (

    select
        *,
        {{ valid_json('event_kv_json') }} as event_properties
    from {{ source('raw', 'umeng') }}

)

select
    'umeng' as source_id,
    cast(null as {{ dbt.type_string() }}) as event_id,
    event_name,
    coalesce(cli_timestamp, svr_timestamp) as occurred_at,
    svr_timestamp as received_at,
    cast(null as {{ dbt.type_string() }}) as user_id,
    umid as anonymous_id,
    session_id,
    lower(os) as platform,
    app_version,
    country,
    {% for column in event_text_columns() if column not in ['platform', 'app_version', 'country'] -%}
    {% if column.endswith('_id') or column == 'currency' -%}
    {{ json_path('event_properties', column) }} as {{ column }},
    {% else -%}
    cast(null as {{ dbt.type_string() }}) as {{ column }},
    {% endif -%}
    {% endfor -%}
    {{ json_path('event_properties', 'amount') }} as amount,
    coalesce(event_properties, properties) as properties,
    {{ raw_row_columns() }}
from umeng
