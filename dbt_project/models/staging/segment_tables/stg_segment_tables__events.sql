{{ config(materialized='view') }}
{#- A table has the calls of one kind. Of each event there is a table of its own beside `tracks`,
    which has the same rows without their properties. -#}
with

calls as (

    select
        *,
        {{ segment_call('source_file') }} as call_kind,
        {{ json_path('properties', 'name') }} as given_name
    from {{ source('raw', 'segment_tables') }}

),

named as (

    select
        calls.*,
        case
            when calls.event is not null then coalesce(calls.event_text, calls.event)
            when calls.call_kind <> 'track' then calls.call_kind
            when previous_id is not null then 'alias'
            when group_id is not null then 'group'
        end as event_name,
        lower(context_device_type) as device_type,
        lower(context_library_name) as library_name,
        lower(channel) as sent_by
    from calls

)

select
    'segment_tables' as source_id,
    id as event_id,
    event_name,
    coalesce(named.timestamp, original_timestamp) as occurred_at,
    -- Of copies the first that was received stays: that with properties.
    case when coalesce(named.call_kind, '') <> 'track' then received_at end as received_at,
    user_id,
    case when named.event is null then coalesce(previous_id, anonymous_id) else anonymous_id end
        as anonymous_id,
    coalesce(context_session_id, {{ json_path('properties', 'session_id') }}) as session_id,
    case
        when device_type in ('ios', 'android') then device_type
        when sent_by in ('client', 'browser', 'web')
            or library_name like 'analytics.js%' or library_name like '%javascript%' then 'web'
        else coalesce(lower(context_os_name), sent_by)
    end as platform,
    context_app_version as app_version,
    context_location_country as country,
    case
        when event_name = 'screen' then given_name
        else coalesce(
            {{ json_path('properties', 'path') }},
            context_page_path,
            case when named.event is null then given_name end
        )
    end as page,
    coalesce({{ json_path('properties', 'referrer') }}, context_page_referrer) as referrer,
    context_campaign_source as utm_source,
    context_campaign_medium as utm_medium,
    context_campaign_name as utm_campaign,
    context_campaign_content as utm_content,
    context_campaign_term as utm_term,
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
