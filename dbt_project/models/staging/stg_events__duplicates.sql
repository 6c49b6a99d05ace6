{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['source_id', 'event_id'],
    meta={'touched': 'stg_events__touched'},
) }}
{% set candidates -%}
    {{ ref('stg_events__typed') }} as typed
    {%- if is_incremental() %}
    inner join touched
        on typed.source_id = touched.source_id
        and typed.event_id = touched.event_id
    inner join touched_loads on typed.load_id = touched_loads.load_id
    {%- endif %}
{%- endset -%}
with

touched_loads as (

    select * from {{ ref('stg_events__touched_loads') }}

),

touched as (

    select distinct
        source_id,
        event_id
    from {{ ref('stg_events__touched') }}

),

events as (

    select * from {{ ref('stg_events') }}

),

keys as (

    select
        typed.source_id,
        typed.event_id
    from {{ candidates }}

),

-- Counted over the key alone, so that rows which do not repeat are never typed.
repeated as (

    select
        source_id,
        event_id
    from keys
    group by source_id, event_id
    having count(*) > 1

),

duplicates as (

    select
        typed.source_id,
        typed.event_id,
        typed.source_file,
        typed.row_number,
        typed.load_id,
        events.source_file as staged_source_file,
        events.row_number as staged_row_number
    from {{ candidates }}
    inner join repeated
        on typed.source_id = repeated.source_id
        and typed.event_id = repeated.event_id
    inner join events
        on typed.source_id = events.source_id
        and typed.event_id = events.event_id
    where
        typed.reason is null
        and not (
            typed.load_id = events.load_id and typed.row_number = events.row_number
        )

)

select * from duplicates
