{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['source_id', 'event_id'],
    meta={'touched': 'stg_events__touched'},
) }}
with

typed as (

    select * from {{ ref('stg_events__typed') }}

),

touched as (

    select * from {{ ref('stg_events__touched') }}

),

events as (

    select * from {{ ref('stg_events') }}

),

candidates as (

    select
        typed.source_id,
        typed.event_id,
        typed.source_file,
        typed.row_number,
        typed.load_id,
        typed.reason
    from typed
    {% if is_incremental() -%}
    where exists (
        select 1
        from touched
        where touched.source_id = typed.source_id and touched.event_id = typed.event_id
    )
    {% endif %}

),

repeated as (

    select
        source_id,
        event_id
    from candidates
    group by source_id, event_id
    having count(*) > 1

),

duplicates as (

    select
        candidates.source_id,
        candidates.event_id,
        candidates.source_file as source_file,
        candidates.row_number,
        candidates.load_id,
        events.source_file as staged_source_file,
        events.row_number as staged_row_number
    from candidates
    inner join repeated
        on candidates.source_id = repeated.source_id
        and candidates.event_id = repeated.event_id
    inner join events
        on candidates.source_id = events.source_id
        and candidates.event_id = events.event_id
    where
        candidates.reason is null
        and not (
            candidates.load_id = events.load_id and candidates.row_number = events.row_number
        )

)

select * from duplicates
