{{ config(materialized='view') }}
{%- set keys = {
    'session_id': '$session_id',
    'event_session_id': '$event_session_id',
    'app_version': '$app_version',
    'country_name': '$country',
    'url_path': '$url_path',
    'screen_name': '$screen_name',
    'url': '$url',
    'referrer': '$referrer',
    'utm_source': '$utm_source',
    'utm_medium': '$utm_medium',
    'utm_campaign': '$utm_campaign',
    'utm_content': '$utm_content',
    'utm_term': '$utm_term',
    'content_id': 'content_id',
    'merchant_id': 'merchant_id',
    'campaign_id': 'campaign_id',
    'experiment_id': '$abtest_experiment_id',
    'feature_id': 'feature_id',
    'order_id': 'order_id',
    'currency': 'currency',
    'amount': 'amount',
} -%}
with

records as (

    {{ sensorsdata_records(keys) | indent(4) }}

)

select
    'sensorsdata' as source_id,
    _track_id || ':' || records.time as event_id,
    event_name,
    records.time as occurred_at,
    recv_time as received_at,
    actor_user_id as user_id,
    actor_anonymous_id as anonymous_id,
    coalesce(session_id, event_session_id) as session_id,
    case when library_name = 'js' then 'web' else library_name end as platform,
    app_version,
    {{ said('country_name') }} as country,
    coalesce({{ said('url_path') }}, {{ said('screen_name') }}, {{ said('url') }}) as page,
    {% for column in event_text_columns() if column == 'referrer' or column.startswith('utm_') -%}
    {{ said(column) }} as {{ column }},
    {% endfor -%}
    content_id,
    merchant_id,
    coalesce(campaign_id, case when event_name = '$ABTestTrigger' then experiment_id end)
        as campaign_id,
    feature_id,
    order_id,
    currency,
    amount,
    properties,
    {{ raw_row_columns() }}
from records
