{{ config(materialized='view') }}
{#- Types of what `log_action` lists: 2 a link that leads away, 3 a download, 8 a search. -#}
with

matomo as (

    select
        *,
        {{ json_path('properties', 'event_category') }} as event_category,
        {{ json_path('properties', 'event_action') }} as event_action,
        server_time = visit_first_action_time as is_entry,
        -- Of an action it is kept without `https://`.
        case when matomo.url like '%://%' then matomo.url else 'https://' || matomo.url end as address
    from {{ source('raw', 'matomo') }} as matomo

)

select
    'matomo' as source_id,
    -- A conversion has no id of its own but this.
    case
        when idgoal is not null
            then 'conversion ' || idvisit || '.' || idgoal || '.' || coalesce(buster, '0')
        else idlink_va
    end as event_id,
    case
        when idgoal = '0' then 'order'
        when idgoal = '-1' then 'cart'
        when idgoal is not null then 'goal'
        when event_action is not null then coalesce(event_category || ' / ', '') || event_action
        when {{ json_path('properties', 'content_name') }} is not null then 'content'
        when name_type = '8' then 'search'
        when url_type = '2' then 'outlink'
        when url_type = '3' then 'download'
        when idlink_va is not null then 'action'
    end as event_name,
    server_time as occurred_at,
    cast(null as {{ dbt.type_string() }}) as received_at,
    user_id,
    idvisitor as anonymous_id,
    idvisit as session_id,
    'web' as platform,
    cast(null as {{ dbt.type_string() }}) as app_version,
    case when location_country <> 'xx' then upper(location_country) end as country,
    {{ url_path('address') }} as page,
    -- What brought a visit is said of each of its actions: it belongs to the first.
    case when is_entry then referer_url end as referrer,
    cast(null as {{ dbt.type_string() }}) as utm_source,
    cast(null as {{ dbt.type_string() }}) as utm_medium,
    case when is_entry and referer_type = '6' then referer_name end as utm_campaign,
    cast(null as {{ dbt.type_string() }}) as utm_content,
    case when is_entry and referer_type = '6' then referer_keyword end as utm_term,
    {% for column in event_text_columns() if column.endswith('_id') and column != 'order_id' -%}
    {{ json_path('properties', column) }} as {{ column }},
    {% endfor -%}
    case when idgoal = '0' then idorder end as order_id,
    currency,
    case when idgoal = '0' then revenue end as amount,
    properties,
    {{ raw_row_columns() }}
from matomo
