{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['source_id', 'event_id'],
    meta={'touched': 'stg_events__touched'},
) }}
with

touched as (

    select distinct
        source_id,
        event_id
    from {{ ref('stg_events__touched') }}

),

touched_loads as (

    select distinct source_load_id as load_id
    from {{ ref('stg_events__touched') }}

),

-- Few ids repeat: only theirs are ranked, so that the many need no sort and no hash.
copies as (

    select * from {{ ref('stg_events__copies') }}

),

deduplicated as (

    select
        typed.source_id,
        coalesce(copies.event_id, typed.event_id) as event_id,
        copies.shared_event_id,
        typed.event_name,
        typed.user_id,
        typed.anonymous_id,
        typed.placeholder_columns,
        typed.session_id,
        {% for column in event_text_columns() -%}
        typed.{{ column }},
        {% endfor -%}
        typed.properties,
        typed.source_file,
        typed.row_number,
        typed.load_id,
        typed.reporting_amount as amount,
        typed.occurred_at,
        typed.received_at
    from {{ ref('stg_events__typed') }} as typed
    {% if is_incremental() -%}
    inner join touched
        on typed.source_id = touched.source_id
        and typed.event_id = touched.event_id
    inner join touched_loads on typed.load_id = touched_loads.load_id
    {% endif -%}
    left join copies
        on typed.load_id = copies.load_id
        and typed.row_number = copies.row_number
    where typed.reason is null and coalesce(copies.arrival_rank, 1) = 1

)

select * from deduplicated
