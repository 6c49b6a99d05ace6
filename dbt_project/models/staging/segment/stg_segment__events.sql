{{ config(materialized='view') }}
with

segment as (

    select
        *,
        {{ valid_json('context') }} as context_object
    from {{ source('raw', 'segment') }}

),

named as (

    select
        segment.*,
        case
            when lower(segment.type) = 'track' or segment.type is null then segment.event
            else lower(segment.type)
        end as event_name,
        lower({{ json_path('segment.context_object', 'device', 'type') }}) as device_type,
        lower({{ json_path('segment.context_object', 'library', 'name') }}) as library_name,
        lower(segment.channel) as sent_by
    from segment

)

select
    'segment' as source_id,
    messageid as event_id,
    event_name,
    coalesce(named.timestamp, originaltimestamp) as occurred_at,
    receivedat as received_at,
    userid as user_id,
    case when event_name = 'alias' then coalesce(previousid, anonymousid) else anonymousid end
        as anonymous_id,
    coalesce({{ json_path('context_object', 'sessionId') }}, {{ json_path('properties', 'session_id') }})
        as session_id,
    case
        when device_type in ('ios', 'android') then device_type
        when sent_by in ('client', 'browser', 'web')
            or library_name like 'analytics.js%' or library_name like '%javascript%' then 'web'
        else coalesce(lower({{ json_path('context_object', 'os', 'name') }}), sent_by)
    end as platform,
    {{ json_path('context_object', 'app', 'version') }} as app_version,
    {{ json_path('context_object', 'location', 'country') }} as country,
    case
        when event_name = 'screen'
            then coalesce(named.name, {{ json_path('properties', 'name') }})
        else coalesce(
            {{ json_path('properties', 'path') }}, {{ json_path('context_object', 'page', 'path') }}, named.name
        )
    end as page,
    coalesce({{ json_path('properties', 'referrer') }}, {{ json_path('context_object', 'page', 'referrer') }})
        as referrer,
    {{ json_path('context_object', 'campaign', 'source') }} as utm_source,
    {{ json_path('context_object', 'campaign', 'medium') }} as utm_medium,
    {{ json_path('context_object', 'campaign', 'name') }} as utm_campaign,
    {{ json_path('context_object', 'campaign', 'content') }} as utm_content,
    {{ json_path('context_object', 'campaign', 'term') }} as utm_term,
    {{ json_path('properties', 'content_id') }} as content_id,
    {{ json_path('properties', 'merchant_id') }} as merchant_id,
    coalesce(
        {{ json_path('properties', 'campaign_id') }},
        case
            when event_name = 'Experiment Viewed' then {{ json_path('properties', 'experiment_id') }}
        end
    ) as campaign_id,
    {{ json_path('properties', 'feature_id') }} as feature_id,
    {{ json_path('properties', 'order_id') }} as order_id,
    {{ json_path('properties', 'currency') }} as currency,
    -- `total` and `value` are anything elsewhere: of orders they are what was paid.
    case
        when event_name in ('Order Completed', 'Order Refunded') then coalesce(
            {{ json_path('properties', 'total') }},
            {{ json_path('properties', 'revenue') }},
            {{ json_path('properties', 'value') }}
        )
        else {{ json_path('properties', 'revenue') }}
    end as amount,
    properties,
    malformed_payload,
    content_hash,
    source_file,
    row_number,
    load_id
from named
