with

erasure_requests as (

    {{ staged_feed_rows('erasure_requests') }}

),

typed as (

    select
        request_id,
        user_id,
        anonymous_id,
        properties,
        content_hash,
        {{ parse_instant('requested_at') }} as requested_at
    from erasure_requests

)

select * from typed
