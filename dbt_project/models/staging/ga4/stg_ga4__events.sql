{{ config(materialized='view') }}
with

ga4 as (

    select
        *,
        {% for column in ['collected_traffic_source', 'app_info', 'geo', 'ecommerce'] -%}
        {{ valid_json(column) }} as {{ column }}_object,
        {% endfor -%}
        {{ valid_json('event_params') }} as parameter_array
    from {{ source('raw', 'ga4') }}

),

unfolded as (

    select
        ga4.*,
        {{ keyed_values('ga4.parameter_array') }} as parameters,
        {{ json_path('ga4.ecommerce_object', 'transaction_id') }} as transaction_id
    from ga4

),

named as (

    select
        unfolded.*,
        {{ json_path('parameters', 'page_location') }} as page_location,
        {{ said(json_path('collected_traffic_source_object', 'gclid')) }} as click_id
    from unfolded

)

select
    'ga4' as source_id,
    -- The export has no id: two tables that have an event say this of it alike.
    case when malformed_payload is null then md5(
        {%- for column in [
            'stream_id', 'user_pseudo_id', 'user_id', 'event_name', 'event_timestamp',
            'event_bundle_sequence_id', 'batch_page_id', 'batch_ordering_id', 'batch_event_index',
            'parameters', 'transaction_id',
        ] %}
        coalesce({{ column }}, '') || {{ 'chr(30) ||' if not loop.last }}
        {%- endfor %} ''
    ) end as event_id,
    event_name,
    event_timestamp as occurred_at,
    cast(null as {{ dbt.type_string() }}) as received_at,
    user_id,
    user_pseudo_id as anonymous_id,
    -- Unique within a device alone.
    user_pseudo_id || '.' || {{ json_path('parameters', 'ga_session_id') }} as session_id,
    lower(platform) as platform,
    {{ json_path('app_info_object', 'version') }} as app_version,
    {{ said(json_path('geo_object', 'country')) }} as country,
    coalesce(
        {{ url_path('page_location') }},
        {{ json_path('parameters', 'firebase_screen') }},
        {{ json_path('parameters', 'firebase_screen_class') }}
    ) as page,
    {{ json_path('parameters', 'page_referrer') }} as referrer,
    coalesce(
        {{ said(json_path('collected_traffic_source_object', 'manual_source')) }},
        {{ said(json_path('parameters', 'source')) }},
        case when click_id is not null then 'google' end
    ) as utm_source,
    coalesce(
        {{ said(json_path('collected_traffic_source_object', 'manual_medium')) }},
        {{ said(json_path('parameters', 'medium')) }},
        case when click_id is not null then 'cpc' end
    ) as utm_medium,
    coalesce(
        {{ said(json_path('collected_traffic_source_object', 'manual_campaign_name')) }},
        {{ said(json_path('parameters', 'campaign')) }}
    ) as utm_campaign,
    coalesce(
        {{ said(json_path('collected_traffic_source_object', 'manual_content')) }},
        {{ said(json_path('parameters', 'content')) }}
    ) as utm_content,
    coalesce(
        {{ said(json_path('collected_traffic_source_object', 'manual_term')) }},
        {{ said(json_path('parameters', 'term')) }}
    ) as utm_term,
    coalesce({{ json_path('parameters', 'content_id') }}, {{ json_path('parameters', 'item_id') }})
        as content_id,
    {{ json_path('parameters', 'merchant_id') }} as merchant_id,
    {{ json_path('parameters', 'campaign_id') }} as campaign_id,
    {{ json_path('parameters', 'feature_id') }} as feature_id,
    coalesce(
        {{ said('transaction_id') }}, {{ said(json_path('parameters', 'transaction_id')) }}
    ) as order_id,
    {{ json_path('parameters', 'currency') }} as currency,
    -- `value` is anything elsewhere: of these it is what was paid, or given back.
    case
        when event_name in ('purchase', 'ecommerce_purchase', 'in_app_purchase') then coalesce(
            {{ json_path('ecommerce_object', 'purchase_revenue') }}, {{ json_path('parameters', 'value') }}
        )
        when event_name = 'refund' then coalesce(
            {{ json_path('ecommerce_object', 'refund_value') }}, {{ json_path('parameters', 'value') }}
        )
    end as amount,
    nullif(parameters, '{}') as properties,
    malformed_payload,
    content_hash,
    source_file,
    row_number,
    load_id
from named
