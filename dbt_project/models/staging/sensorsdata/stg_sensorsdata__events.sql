{{ config(materialized='view') }}
with

records as (

    {{ sensorsdata_records() | indent(4) }}

)

select
    'sensorsdata' as source_id,
    _track_id || ':' || records.time as event_id,
    event_name,
    records.time as occurred_at,
    recv_time as received_at,
    actor_user_id as user_id,
    actor_anonymous_id as anonymous_id,
    coalesce(
        {{ json_path('properties', '$session_id') }},
        {{ json_path('properties', '$event_session_id') }}
    ) as session_id,
    case when library_name = 'js' then 'web' else library_name end as platform,
    {{ json_path('properties', '$app_version') }} as app_version,
    {{ said(json_path('properties', '$country')) }} as country,
    coalesce(
        {{ said(json_path('properties', '$url_path')) }},
        {{ said(json_path('properties', '$screen_name')) }},
        {{ said(json_path('properties', '$url')) }}
    ) as page,
    {{ said(json_path('properties', '$referrer')) }} as referrer,
    {% for column in event_text_columns() if column.startswith('utm_') -%}
    {{ said(json_path('properties', '$' ~ column)) }} as {{ column }},
    {% endfor -%}
    {{ json_path('properties', 'content_id') }} as content_id,
    {{ json_path('properties', 'merchant_id') }} as merchant_id,
    coalesce(
        {{ json_path('properties', 'campaign_id') }},
        case
            when event_name = '$ABTestTrigger'
                then {{ json_path('properties', '$abtest_experiment_id') }}
        end
    ) as campaign_id,
    {{ json_path('properties', 'feature_id') }} as feature_id,
    {{ json_path('properties', 'order_id') }} as order_id,
    {{ json_path('properties', 'currency') }} as currency,
    {{ json_path('properties', 'amount') }} as amount,
    properties,
    malformed_payload,
    content_hash,
    source_file,
    row_number,
    load_id
from records
