{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['source_id', 'event_id'],
    meta={'touched': 'stg_events__touched'},
) }}
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

repeated as (

    select * from {{ ref('stg_events__repeated') }}

),

events as (

    select * from {{ ref('stg_events') }}

),

candidates as (

    select united.*
    from {{ ref('stg_events__united') }} as united
    {% if is_incremental() -%}
    inner join touched_loads on united.load_id = touched_loads.load_id
    inner join touched
        on united.source_id = touched.source_id
        and {{ event_key('united') }} = touched.event_id
    {% endif -%}
    inner join repeated
        on united.source_id = repeated.source_id
        and {{ event_key('united') }} = repeated.event_id

),

typed as (

    select *
    from (
        {{ typed_events('candidates') | indent(8) }}
    ) as judged
    where reason is null

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
    from typed
    inner join events
        on typed.source_id = events.source_id
        and typed.event_id = events.event_id
    where not (
        typed.load_id = events.load_id and typed.row_number = events.row_number
    )

)

select * from duplicates
