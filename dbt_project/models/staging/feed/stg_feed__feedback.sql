with

feedback as (

    {{ staged_feed_rows('feedback') }}

),

typed as (

    select
        feedback_id,
        user_id,
        content_id,
        merchant_id,
        comment,
        properties,
        content_hash,
        {{ try_cast('score', 'decimal(18, 4)') }} as score,
        {{ parse_instant('submitted_at') }} as submitted_at
    from feedback

)

select * from typed
