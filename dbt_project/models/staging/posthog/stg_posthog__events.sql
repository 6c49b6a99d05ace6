{{ config(materialized='view') }}
{%- set keys = {
    'session_id': '$session_id',
    'system_name': '$os',
    'app_version': '$app_version',
    'country_code': '$geoip_country_code',
    'path_name': '$pathname',
    'current_url': '$current_url',
    'screen_name': '$screen_name',
    'referrer': '$referrer',
    'utm_source': 'utm_source',
    'utm_medium': 'utm_medium',
    'utm_campaign': 'utm_campaign',
    'utm_content': 'utm_content',
    'utm_term': 'utm_term',
    'content_id': 'content_id',
    'merchant_id': 'merchant_id',
    'campaign_id': 'campaign_id',
    'flag': '$feature_flag',
    'flag_response': '$feature_flag_response',
    'feature_id': 'feature_id',
    'order_id': 'order_id',
    'currency': 'currency',
    'amount': 'amount',
    'revenue': 'revenue',
    'library_name': '$lib',
} -%}
with

records as (

    {{ posthog_records(keys) | indent(4) }}

)

select
    'posthog' as source_id,
    uuid as event_id,
    event as event_name,
    records.timestamp as occurred_at,
    created_at as received_at,
    actor_user_id as user_id,
    actor_anonymous_id as anonymous_id,
    session_id,
    case
        when library_name = 'web' then 'web'
        else coalesce(lower(system_name), lower(library_name))
    end as platform,
    app_version,
    country_code as country,
    coalesce(path_name, {{ url_path('current_url') }}, screen_name) as page,
    {% for column in event_text_columns() if column == 'referrer' or column.startswith('utm_') -%}
    {{ said(column) }} as {{ column }},
    {% endfor -%}
    content_id,
    merchant_id,
    coalesce(
        campaign_id,
        -- Where a flag is off, nobody entered.
        case
            when event = '$feature_flag_called' and flag_response not in ('false', '') then flag
        end
    ) as campaign_id,
    feature_id,
    order_id,
    currency,
    coalesce(amount, revenue) as amount,
    properties,
    {{ raw_row_columns() }}
from records
