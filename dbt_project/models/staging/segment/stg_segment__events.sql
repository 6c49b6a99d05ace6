{{ config(materialized='view') }}
{%- set keys = segment_keys() -%}
{%- set context_keys = {
    'context_session_id': 'sessionId',
    'device_type': ['device', 'type'],
    'library_name': ['library', 'name'],
    'system_name': ['os', 'name'],
    'app_version': ['app', 'version'],
    'country': ['location', 'country'],
    'page_path': ['page', 'path'],
    'page_referrer': ['page', 'referrer'],
    'utm_source': ['campaign', 'source'],
    'utm_medium': ['campaign', 'medium'],
    'utm_campaign': ['campaign', 'name'],
    'utm_content': ['campaign', 'content'],
    'utm_term': ['campaign', 'term'],
} -%}
with

segment as (

    select
        *,
        {{ json_texts('properties', keys.values()) }} as texts,
        {{ json_texts(valid_json('context'), context_keys.values()) }} as texts_of_context
    from {{ source('raw', 'segment') }}

),

unfolded as (

    select
        segment.*,
        {{ text_columns('texts', keys) | indent(8) }},
        {{ text_columns('texts_of_context', context_keys) | indent(8) }}
    from segment

),

named as (

    select
        unfolded.*,
        case
            when lower(unfolded.type) = 'track' or unfolded.type is null then unfolded.event
            else lower(unfolded.type)
        end as event_name,
        lower(unfolded.channel) as sent_by
    from unfolded

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
    coalesce(context_session_id, property_session_id) as session_id,
    case
        when lower(device_type) in ('ios', 'android') then lower(device_type)
        when sent_by in ('client', 'browser', 'web') or lower(library_name) like 'analytics.js%'
            or lower(library_name) like '%javascript%' then 'web'
        else coalesce(lower(system_name), sent_by)
    end as platform,
    app_version,
    country,
    case
        when event_name = 'screen' then coalesce(named.name, property_name)
        else coalesce(property_path, page_path, named.name)
    end as page,
    coalesce(property_referrer, page_referrer) as referrer,
    {% for column in event_text_columns() if column.startswith('utm_') -%}
    {{ column }},
    {% endfor -%}
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
