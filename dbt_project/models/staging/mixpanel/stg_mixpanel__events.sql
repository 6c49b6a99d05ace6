{{ config(materialized='view') }}
{%- set keys = {
    'distinct_id': 'distinct_id',
    'profile_id': '$distinct_id',
    'given_user_id': '$user_id',
    'given_device_id': '$device_id',
    'identified_id': '$identified_id',
    'visitor_id': '$anon_distinct_id',
    'anon_id': '$anon_id',
    'alias_id': 'alias',
    'merged_ids': '$distinct_ids',
    'insert_id': '$insert_id',
    'event_time': 'time',
    'last_seen': ['$properties', '$last_seen'],
    'created': ['$properties', '$created'],
    'processing_time': 'mp_processing_time_ms',
    'library_name': 'mp_lib',
    'system_name': '$os',
    'app_version_text': '$app_version_string',
    'app_version_name': '$app_version',
    'country_code': 'mp_country_code',
    'url_path': 'current_url_path',
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
    'experiment_id': '$experiment_id',
    'experiment_name': 'Experiment name',
    'feature_id': 'feature_id',
    'order_id': 'order_id',
    'currency': 'currency',
    'amount': 'amount',
    'revenue': 'revenue',
} -%}
with

mixpanel as (

    select
        *,
        {{ json_texts('properties', keys.values()) }} as texts
    from {{ source('raw', 'mixpanel') }}

),

unfolded as (

    select
        mixpanel.*,
        {{ text_columns('texts', keys) | indent(8) }}
    from mixpanel

),

named as (

    select
        unfolded.*,
        coalesce(event, case when profile_id is not null then '$profile' end) as event_name,
        coalesce(distinct_id, profile_id) as actor_id
    from unfolded

)

select
    'mixpanel' as source_id,
    insert_id as event_id,
    event_name,
    coalesce(event_time, last_seen, created) as occurred_at,
    processing_time as received_at,
    -- Beside a device, what looks made up is the id that Mixpanel chose of those that it joined.
    coalesce(
        given_user_id,
        identified_id,
        case
            when event_name = '$create_alias' then alias_id
            -- The text of an array of two.
            when event_name = '$merge'
                then nullif({{ dbt.split_part('merged_ids', "'\"'", 4) }}, '')
            when actor_id like '$device:%' then null
            when event_name = '$identify' or given_device_id is null
                or (actor_id <> given_device_id and actor_id not like '%-%-%-%-%')
                then actor_id
        end
    ) as user_id,
    replace(
        coalesce(
            visitor_id,
            anon_id,
            given_device_id,
            case
                when event_name = '$merge'
                    then nullif({{ dbt.split_part('merged_ids', "'\"'", 2) }}, '')
                when event_name = '$create_alias' or actor_id like '$device:%' then actor_id
            end
        ),
        '$device:', ''
    ) as anonymous_id,
    cast(null as {{ dbt.type_string() }}) as session_id,
    case
        when library_name = 'web' then 'web'
        else coalesce(lower(system_name), lower(library_name))
    end as platform,
    coalesce(app_version_text, app_version_name) as app_version,
    country_code as country,
    coalesce(url_path, {{ url_path('current_url') }}, screen_name) as page,
    {% for column in event_text_columns() if column == 'referrer' or column.startswith('utm_') -%}
    {{ said(column) }} as {{ column }},
    {% endfor -%}
    content_id,
    merchant_id,
    coalesce(
        campaign_id,
        case
            when event_name = '$experiment_started' then coalesce(experiment_id, experiment_name)
        end
    ) as campaign_id,
    feature_id,
    order_id,
    currency,
    coalesce(amount, revenue) as amount,
    properties,
    {{ raw_row_columns() }}
from named
