{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['source_id', 'event_id'],
    meta={'touched': 'stg_events__touched'},
) }}
-- depends_on: {{ ref('stg_events__touched') }}
with

copies as (

    select * from {{ ref('stg_events__copies') }}

)

select
    source_id,
    event_id,
    shared_event_id,
    user_id,
    anonymous_id,
    order_id,
    source_file,
    row_number,
    load_id,
    staged_source_file,
    staged_row_number,
    occurred_at
from copies
where arrival_rank > 1
