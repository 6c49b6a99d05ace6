with

merchants as (

    select * from {{ ref('stg_feed__merchants') }}

),

ranked as (

    select
        merchants.*,
        row_number() over (
            partition by merchant_id
            order by updated_at desc nulls last, content_hash desc
        ) as recency_rank
    from merchants

)

select * from ranked where recency_rank = 1
