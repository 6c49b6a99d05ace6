with

feedback as (

    {{ staged_feed_rows('feedback') }}

),

typed as (

    select
        {{ given_id('feedback', 'feedback_id') }} as feedback_id,
        known_user_id as user_id,
        {{ given_id('feedback', 'content_id') }} as content_id,
        {{ given_id('feedback', 'merchant_id') }} as merchant_id,
        comment,
        properties,
        content_hash,
        {{ try_cast('score', 'decimal(18, 4)') }} as score,
        {{ parse_instant('submitted_at') }} as submitted_at
    from feedback

)

select * from typed
