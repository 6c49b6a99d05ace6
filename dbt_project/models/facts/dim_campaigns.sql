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

),

final as (

    select
        campaign_id,
        campaign_name,
        campaign_type,
        channel,
        {{ local_date('starts_at') }} as start_date,
        {{ local_date('ends_at') }} as end_date,
        starts_at,
        ends_at
    from ranked
    where recency_rank = 1

)

select * from final
