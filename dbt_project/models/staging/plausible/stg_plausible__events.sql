{{ config(materialized='view') }}
{#- ClickHouse writes what it does not know as an empty text, or as one of zero bytes. -#}
with

plausible as (

    select
        *,
        {{ valid_json(adapter.quote('meta.key')) }} as property_names,
        {{ valid_json(adapter.quote('meta.value')) }} as property_values
    from {{ source('raw', 'plausible') }}

),

told as (

    select
        plausible.*,
        coalesce(
            nullif({{ paired_values('property_names', 'property_values') }}, '{}'), properties
        ) as event_properties
    from plausible

)

select
    'plausible' as source_id,
    cast(null as {{ dbt.type_string() }}) as event_id,
    told.name as event_name,
    told.timestamp as occurred_at,
    cast(null as {{ dbt.type_string() }}) as received_at,
    cast(null as {{ dbt.type_string() }}) as user_id,
    user_id as anonymous_id,
    session_id,
    'web' as platform,
    cast(null as {{ dbt.type_string() }}) as app_version,
    case when country_code >= 'A' then country_code end as country,
    pathname as page,
    nullif(referrer, '') as referrer,
    {% for column in event_text_columns() if column.startswith('utm_') -%}
    nullif({{ column }}, '') as {{ column }},
    {% endfor -%}
    {% for column in event_text_columns() if column.endswith('_id') -%}
    {{ json_path('event_properties', column) }} as {{ column }},
    {% endfor -%}
    case when revenue_source_currency >= 'A' then revenue_source_currency end as currency,
    nullif(revenue_source_amount, '') as amount,
    event_properties as properties,
    {{ raw_row_columns() }}
from told
