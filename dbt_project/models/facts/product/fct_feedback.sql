with

feedback as (

    select * from {{ ref('stg_feed__feedback') }}
    {% if horizon() -%}
    where submitted_at <= {{ horizon() }}
    {%- endif %}

),

ranked as (

    select
        feedback.*,
        row_number() over (
            partition by feedback_id
            order by updated_at desc nulls last, content_hash desc
        ) as recency_rank
    from feedback

)

select
    coalesce(feedback_id, 'row:' || content_hash) as feedback_id,
    user_id,
    content_id,
    merchant_id,
    feature_id,
    release_id,
    kind,
    tags,
    -- Who recommends says so on a scale from 0 to 10.
    case when coalesce(kind, '') <> 'nps' or score between 0 and 10 then score end as score,
    case
        when answered_at <= submitted_at then 0
        else {{ microseconds_between('submitted_at', 'answered_at') }} / 1000000.0e0
    end as seconds_to_answer,
    {{ local_date('submitted_at') }} as submitted_date,
    submitted_at,
    answered_at,
    closed_at
from ranked
where feedback_id is null or recency_rank = 1
