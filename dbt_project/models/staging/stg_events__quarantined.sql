{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_pending_loads() }}",
) }}
with

united as (

    select * from {{ ref('stg_events__united') }}

),

typed as (

    select * from {{ ref('stg_events__typed') }}

),

refused as (

    select
        load_id,
        row_number,
        reason
    from typed
    where
        reason is not null
        {% if is_incremental() -%}
        and load_id > {{ completed_load_id() }}
        {%- endif %}

),

quarantined as (

    select
        united.source_id,
        refused.reason,
        coalesce(united.malformed_payload, {{ row_as_json('united', event_feed_columns()) }})
            as payload,
        united.source_file,
        united.row_number,
        united.load_id
    from refused
    inner join united
        on refused.load_id = united.load_id
        and refused.row_number = united.row_number

)

select * from quarantined
