{{ config(materialized='view') }}
{%- set keys = {
    'session_number': 'ga_session_id',
    'page_location': 'page_location',
    'screen_name': 'firebase_screen',
    'screen_class': 'firebase_screen_class',
    'page_referrer': 'page_referrer',
    'given_source': 'source',
    'given_medium': 'medium',
    'given_campaign': 'campaign',
    'given_content': 'content',
    'given_term': 'term',
    'given_content_id': 'content_id',
    'item_id': 'item_id',
    'merchant_id': 'merchant_id',
    'campaign_id': 'campaign_id',
    'feature_id': 'feature_id',
    'given_transaction_id': 'transaction_id',
    'currency': 'currency',
    'given_value': 'value',
} -%}
{%- set keys_of_click = {
    'click_id': 'gclid',
    'manual_source': 'manual_source',
    'manual_medium': 'manual_medium',
    'manual_campaign': 'manual_campaign_name',
    'manual_content': 'manual_content',
    'manual_term': 'manual_term',
} -%}
{%- set keys_of_order = {
    'transaction_id': 'transaction_id',
    'purchase_revenue': 'purchase_revenue',
    'refund_value': 'refund_value',
} -%}
{%- set clicks = {'source': 'google', 'medium': 'cpc'} -%}
with

ga4 as (

    select
        *,
        {{ json_texts(valid_json('collected_traffic_source'), keys_of_click.values()) }} as texts_of_click,
        {{ json_texts(valid_json('ecommerce'), keys_of_order.values()) }} as texts_of_order,
        {{ json_path(valid_json('app_info'), 'version') }} as app_version,
        {{ json_path(valid_json('geo'), 'country') }} as country_name,
        {{ keyed_values(valid_json('event_params')) }} as parameters
    from {{ source('raw', 'ga4') }}

),

told as (

    select
        ga4.*,
        {{ json_texts('parameters', keys.values()) }} as texts
    from ga4

),

unfolded as (

    select
        told.*,
        {{ text_columns('texts', keys) | indent(8) }},
        {{ text_columns('texts_of_click', keys_of_click) | indent(8) }},
        {{ text_columns('texts_of_order', keys_of_order) | indent(8) }}
    from told

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
    user_pseudo_id || '.' || session_number as session_id,
    lower(platform) as platform,
    app_version,
    {{ said('country_name') }} as country,
    coalesce({{ url_path('page_location') }}, screen_name, screen_class) as page,
    page_referrer as referrer,
    {% for column in ['source', 'medium', 'campaign', 'content', 'term'] -%}
    coalesce(
        {{ said('manual_' ~ column) }},
        {{ said('given_' ~ column) }}
        {%- if column in clicks %},
        case when {{ said('click_id') }} is not null then '{{ clicks[column] }}' end
        {%- endif %}
    ) as utm_{{ column }},
    {% endfor -%}
    coalesce(given_content_id, item_id) as content_id,
    merchant_id,
    campaign_id,
    feature_id,
    coalesce({{ said('transaction_id') }}, {{ said('given_transaction_id') }}) as order_id,
    currency,
    -- `value` is anything elsewhere: of these it is what was paid, or given back.
    case
        when event_name in ('purchase', 'ecommerce_purchase', 'in_app_purchase')
            then coalesce(purchase_revenue, given_value)
        when event_name = 'refund' then coalesce(refund_value, given_value)
    end as amount,
    nullif(parameters, '{}') as properties,
    {{ raw_row_columns() }}
from unfolded
