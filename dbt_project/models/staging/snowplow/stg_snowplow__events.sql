{{ config(materialized='view') }}
{%- set keys = {
    'told_name': 'name',
    'content_id': 'content_id',
    'merchant_id': 'merchant_id',
    'campaign_id': 'campaign_id',
    'feature_id': 'feature_id',
    'order_id': 'order_id',
    'currency': 'currency',
    'amount': 'amount',
} -%}
with

snowplow as (

    select
        *,
        -- What describes itself, without its schema.
        {{ json_path(valid_json('unstruct_event'), 'data', 'data') }} as event_data,
        case event
            when 'struct' then se_action
            when 'unstruct' then event_name
            else coalesce(event, event_name)
        end as named_event
    from {{ source('raw', 'snowplow') }}

),

described as (

    select
        snowplow.*,
        case
            when event = 'struct'
                then {{ row_as_json('snowplow', ['se_category', 'se_label', 'se_property', 'se_value']) }}
            when {{ is_object('event_data') }} then event_data
            -- Loaders give it a column of its own.
            else snowplow.properties
        end as description
    from snowplow

),

told as (

    select
        described.*,
        {{ json_texts('description', keys.values()) }} as texts
    from described

),

unfolded as (

    select
        told.*,
        {{ text_columns('texts', keys) | indent(8) }}
    from told

)

select
    'snowplow' as source_id,
    -- Trackers and browsers that make an id twice make other events of it.
    event_id || coalesce(':' || event_fingerprint, '') as event_id,
    named_event as event_name,
    coalesce(derived_tstamp, collector_tstamp) as occurred_at,
    collector_tstamp as received_at,
    user_id,
    coalesce(domain_userid, network_userid) as anonymous_id,
    domain_sessionid as session_id,
    case when platform = 'mob' then coalesce(lower(os_family), platform) else lower(platform) end
        as platform,
    cast(null as {{ dbt.type_string() }}) as app_version,
    geo_country as country,
    coalesce(page_urlpath, case when named_event = 'screen_view' then told_name end) as page,
    page_referrer as referrer,
    mkt_source as utm_source,
    mkt_medium as utm_medium,
    mkt_campaign as utm_campaign,
    mkt_content as utm_content,
    mkt_term as utm_term,
    content_id,
    merchant_id,
    campaign_id,
    feature_id,
    coalesce(tr_orderid, order_id) as order_id,
    coalesce(tr_currency, currency) as currency,
    coalesce(tr_total, amount) as amount,
    description as properties,
    {{ raw_row_columns() }}
from unfolded
