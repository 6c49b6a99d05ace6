{{ config(materialized='view') }}
with

user_rows as (

    select * from {{ ref('stg_feed__users') }}

),

ranked as (

    select
        user_id,
        properties,
        created_at,
        updated_at,
        row_number() over (
            partition by user_id
            order by updated_at desc nulls last, content_hash desc
        ) as recency_rank
    from user_rows

)

select
    user_id,
    properties,
    created_at,
    updated_at
from ranked
where recency_rank = 1
