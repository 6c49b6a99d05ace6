{{ config(materialized='view') }}
{#- Files of each kind have columns of their own: a row is of the kind whose columns it has. -#}
with

growingio as (

    select
        *,
        {{ valid_json('eventvariable') }} as event_object
    from {{ source('raw', 'growingio') }}

),

told as (

    select
        growingio.*,
        coalesce(event_object, properties) as event_properties
    from growingio

)

select
    'growingio' as source_id,
    cast(null as {{ dbt.type_string() }}) as event_id,
    case
        when eventname is not null then eventname
        when requesttype is not null then requesttype
        when pagevariable is not null then null
        when pagerequestid is not null then 'page'
        when vstrequestid is not null then 'visit'
    end as event_name,
    told.time as occurred_at,
    cast(null as {{ dbt.type_string() }}) as received_at,
    loginuserid as user_id,
    visituserid as anonymous_id,
    sessionid as session_id,
    lower(platform) as platform,
    clientversion as app_version,
    cast(null as {{ dbt.type_string() }}) as country,
    told.page,
    referrer,
    {% for column in event_text_columns() if column.startswith('utm_') -%}
    {{ query_parameter('queryparameters', column) }} as {{ column }},
    {% endfor -%}
    {% for column in event_text_columns() if column.endswith('_id') or column == 'currency' -%}
    {{ json_path('event_object', column) }} as {{ column }},
    {% endfor -%}
    -- The number of an event counts whatever is counted: below 0 it is no money.
    coalesce(
        {{ json_path('event_object', 'amount') }},
        case when eventnumber not like '-%' then eventnumber end
    ) as amount,
    event_properties as properties,
    {{ raw_row_columns() }}
from told
