{{ config(materialized='view') }}
{%- set keys = {
    'page_path': '[Amplitude] Page Path',
    'page_location': '[Amplitude] Page Location',
    'screen_name': '[Amplitude] Screen Name',
    'event_referrer': 'referrer',
    'event_utm_source': 'utm_source',
    'event_utm_medium': 'utm_medium',
    'event_utm_campaign': 'utm_campaign',
    'event_utm_content': 'utm_content',
    'event_utm_term': 'utm_term',
    'content_id': 'content_id',
    'merchant_id': 'merchant_id',
    'campaign_id': 'campaign_id',
    'experiment_key': 'experiment_key',
    'flag_key': 'flag_key',
    'feature_id': 'feature_id',
    'order_id': 'order_id',
    'given_currency': '$currency',
    'currency': 'currency',
    'given_revenue': '$revenue',
    'event_revenue': 'revenue',
    'price': '$price',
    'quantity': '$quantity',
} -%}
{#- Where its visit came from, a user has too, until the next one. -#}
{%- set origins = ['referrer', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term'] -%}
with

amplitude as (

    select
        *,
        case when {{ is_object('event_properties') }} then event_properties end as event_object,
        {{ json_texts('properties', ['$insert_id', 'insert_id', 'revenue']) }} as texts_beside,
        {{ json_texts(valid_json('user_properties'), origins) }} as texts_of_user
    from {{ source('raw', 'amplitude') }}

),

told as (

    select
        amplitude.*,
        {{ json_texts('event_object', keys.values()) }} as texts
    from amplitude

),

unfolded as (

    select
        told.*,
        {{ text_columns('texts', keys) | indent(8) }}
    from told

),

counted as (

    select
        unfolded.*,
        coalesce(
            given_revenue,
            event_revenue,
            {{ text_at('texts_beside', 3) }},
            -- Libraries that give no sum.
            cast(cast(
                {{ parse_number('price', 'decimal(18, 4)') }}
                * coalesce({{ parse_number('quantity', 'decimal(18, 4)') }}, 1) as decimal(18, 4)
            ) as {{ dbt.type_string() }})
        ) as revenue
    from unfolded

)

select
    'amplitude' as source_id,
    coalesce({{ text_at('texts_beside', 1) }}, {{ text_at('texts_beside', 2) }}, uuid) as event_id,
    case
        when event_type = 'revenue_amount' and revenue like '-%' then 'revenue_refunded'
        else event_type
    end as event_name,
    coalesce(event_time, client_event_time) as occurred_at,
    server_upload_time as received_at,
    user_id,
    coalesce(device_id, case when user_id is null then amplitude_id end) as anonymous_id,
    -- Unique within a device alone; -1 is outside of sessions.
    case when session_id <> '-1' then coalesce(device_id, user_id) || '.' || session_id end
        as session_id,
    lower(platform) as platform,
    version_name as app_version,
    country,
    coalesce(page_path, {{ url_path('page_location') }}, screen_name) as page,
    {% for column in origins -%}
    coalesce({{ said('event_' ~ column) }}, {{ said(text_at('texts_of_user', loop.index)) }}) as {{ column }},
    {% endfor -%}
    content_id,
    merchant_id,
    coalesce(
        campaign_id,
        case
            when event_type in ('$exposure', '[Experiment] Exposure')
                then coalesce(experiment_key, flag_key)
        end
    ) as campaign_id,
    feature_id,
    order_id,
    coalesce(given_currency, currency) as currency,
    case
        when event_type = 'revenue_amount' and revenue like '-%' then substring(revenue, 2)
        else revenue
    end as amount,
    event_object as properties,
    {{ raw_row_columns() }}
from counted
