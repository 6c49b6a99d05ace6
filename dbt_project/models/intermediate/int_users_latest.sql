with

user_rows as (

    select * from {{ ref('stg_feed__users') }}

),

ranked as (

    select
        user_rows.*,
        row_number() over (
            partition by user_id, is_whole
            order by updated_at desc nulls last, content_hash desc
        ) as recency_rank
    from user_rows

),

current_rows as (

    select * from ranked
    where recency_rank = 1 or not is_whole

)

{{ known_of_users('current_rows') }}
