with

erasure_requests as (

    {{ staged_feed_rows('erasure_requests') }}

),

typed as (

    select
        {{ given_id('erasure_requests', 'request_id') }} as request_id,
        known_user_id as user_id,
        known_anonymous_id as anonymous_id,
        properties,
        content_hash,
        {{ parse_instant('requested_at') }} as requested_at
    from erasure_requests

)

select * from typed
