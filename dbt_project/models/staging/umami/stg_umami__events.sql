{{ config(materialized='view') }}
{%- set kinds = {
    '1': 'pageview', '3': 'link', '4': 'pixel', '5': 'performance', '6': 'heatmap_click',
    '7': 'heatmap_scroll', '8': 'error', '9': 'log', '10': 'ai',
} %}
with

umami as (

    select
        *,
        {{ valid_json('event_data') }} as event_object
    from {{ source('raw', 'umami') }}

),

told as (

    select
        umami.*,
        coalesce(event_object, properties) as event_properties
    from umami

)

select
    'umami' as source_id,
    event_id,
    coalesce(
        nullif(event_name, ''),
        case event_type
            {%- for kind, name in kinds.items() %}
            when '{{ kind }}' then '{{ name }}'
            {%- endfor %}
        end
    ) as event_name,
    created_at as occurred_at,
    cast(null as {{ dbt.type_string() }}) as received_at,
    distinct_id as user_id,
    session_id as anonymous_id,
    visit_id as session_id,
    'web' as platform,
    cast(null as {{ dbt.type_string() }}) as app_version,
    country,
    url_path as page,
    nullif(coalesce(referrer_domain, '') || coalesce(referrer_path, ''), '') as referrer,
    {% for column in event_text_columns() if column.startswith('utm_') -%}
    -- Versions before 2.18 keep them in what is asked of the page alone.
    coalesce(nullif({{ column }}, ''), {{ query_parameter('url_query', column) }}) as {{ column }},
    {% endfor -%}
    {% for column in event_text_columns() if column.endswith('_id') -%}
    {{ json_path('event_properties', column) }} as {{ column }},
    {% endfor -%}
    coalesce(currency, {{ json_path('event_object', 'currency') }}) as currency,
    coalesce(revenue, {{ json_path('event_object', 'revenue') }}) as amount,
    event_properties as properties,
    {{ raw_row_columns() }}
from told
