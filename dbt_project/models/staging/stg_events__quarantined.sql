{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_pending_loads() }}",
) }}
with

united as (

    select * from {{ ref('stg_events__united') }}

),

-- Each row is in one place: what is neither staged nor a duplicate was refused, and is judged
-- again to say why.
taken as (

    select load_id, row_number from {{ ref('stg_events') }}
    union all
    select load_id, row_number from {{ ref('stg_events__duplicates') }}

),

candidates as (

    select united.*
    from united
    left join taken
        on united.load_id = taken.load_id
        and united.row_number = taken.row_number
    where
        taken.load_id is null
        {% if is_incremental() -%}
        and united.load_id > {{ completed_load_id() }}
        {%- endif %}

),

refused as (

    select
        load_id,
        row_number,
        reason
    from (
        {{ typed_events('candidates') | indent(8) }}
    ) as judged

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
    inner join candidates as united
        on refused.load_id = united.load_id
        and refused.row_number = united.row_number

)

select * from quarantined
