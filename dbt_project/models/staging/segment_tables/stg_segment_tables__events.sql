{{ config(materialized='view') }}
{#- A table has the calls of one kind. Of each event there is a table of its own beside `tracks`,
    which has the same rows without their properties. -#}
{%- set keys = segment_keys() -%}
with

calls as (

    select
        *,
        {{ segment_call('source_file') }} as call_kind,
        {{ json_texts('properties', keys.values()) }} as texts
    from {{ source('raw', 'segment_tables') }}

),

unfolded as (

    select
        calls.*,
        {{ text_columns('texts', keys) | indent(8) }}
    from calls

),

named as (

    select
        unfolded.*,
        case
            when unfolded.event is not null then coalesce(event_text, unfolded.event)
            when call_kind <> 'track' then call_kind
            when previous_id is not null then 'alias'
            when group_id is not null then 'group'
        end as event_name,
        lower(context_device_type) as device_type,
        lower(context_library_name) as library_name,
        lower(channel) as sent_by
    from unfolded

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
    coalesce(context_session_id, property_session_id) as session_id,
    case
        when device_type in ('ios', 'android') then device_type
        when sent_by in ('client', 'browser', 'web')
            or library_name like 'analytics.js%' or library_name like '%javascript%' then 'web'
        else coalesce(lower(context_os_name), sent_by)
    end as platform,
    context_app_version as app_version,
    context_location_country as country,
    case
        when event_name = 'screen' then property_name
        else coalesce(
            property_path, context_page_path, case when named.event is null then property_name end
        )
    end as page,
    coalesce(property_referrer, context_page_referrer) as referrer,
    context_campaign_source as utm_source,
    context_campaign_medium as utm_medium,
    context_campaign_name as utm_campaign,
    context_campaign_content as utm_content,
    context_campaign_term as utm_term,
    content_id,
    merchant_id,
    coalesce(
        property_campaign_id, case when event_name = 'Experiment Viewed' then experiment_id end
    ) as campaign_id,
    feature_id,
    order_id,
    currency,
    -- `total` and `value` are anything elsewhere: of orders they are what was paid.
    case
        when event_name in ('Order Completed', 'Order Refunded')
            then coalesce(total, revenue, property_value)
        else revenue
    end as amount,
    properties,
    {{ raw_row_columns() }}
from named
