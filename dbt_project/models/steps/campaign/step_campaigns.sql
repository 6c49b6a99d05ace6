with

campaigns as (

    select * from {{ ref('stg_feed__campaigns') }}

),

ranked as (

    select
        campaigns.*,
        row_number() over (
            partition by campaign_id
            order by updated_at desc nulls last, content_hash desc
        ) as recency_rank
    from campaigns

)

select * from ranked where recency_rank = 1
