{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'toucher', 'from': 'acquired_at', 'asks': ['channel']}},
) }}
with

touches as (

    select *
    from {{ ref('fct_touches') }} as touches
    where {{ is_recomputed('toucher', 'touches') }}

),

-- The first by an aggregate, which needs no sort.
firsts as (

    select
        user_id,
        min_by(
            {{ struct_of(['channel_id', 'touch_id']) }},
            {{ struct_of(['touched_at', 'source_id', 'event_id']) }}
        ) as first_touch,
        min(touched_at) as acquired_at
    from touches
    group by user_id

)

select
    user_id,
    first_touch.touch_id,
    first_touch.channel_id,
    {{ local_date('acquired_at') }} as acquisition_date,
    acquired_at
from firsts
