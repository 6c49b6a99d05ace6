-- A name keeps its code, because timelines that stand hold it.
{{ config(materialized='incremental', incremental_strategy='replace_all', on_schema_change='fail') }}
with

names as (

    select distinct event_name from {{ ref('fct_events') }}

),

kept as (

    {% if is_incremental() -%}
    select
        event_name,
        event_code
    from {{ this }}
    {%- else -%}
    select
        event_name,
        cast(null as integer) as event_code
    from names
    {%- endif %}

),

last_codes as (

    select coalesce(max(event_code), -1) as event_code from kept

),

coded as (

    select
        names.event_name,
        kept.event_code as kept_code,
        row_number() over (
            partition by kept.event_code is null
            order by names.event_name
        ) as place
    from names
    left join kept on names.event_name = kept.event_name

)

select
    coded.event_name,
    cast(coalesce(coded.kept_code, last_codes.event_code + coded.place) as integer) as event_code,
    coalesce(event_names.is_activity, true) as is_activity
from coded
left join {{ ref('dim_event_names') }} as event_names on coded.event_name = event_names.event_name
cross join last_codes
