with

consents as (

    {{ staged_feed_rows('consents') }}

),

typed as (

    select
        user_id,
        anonymous_id,
        purpose,
        properties,
        content_hash,
        {{ try_cast('is_granted', 'boolean') }} as is_granted,
        {{ parse_instant('recorded_at') }} as recorded_at
    from consents

)

select * from typed
