with

consents as (

    {{ staged_feed_rows('consents') }}

),

typed as (

    select
        known_user_id as user_id,
        known_anonymous_id as anonymous_id,
        {{ given_id('consents', 'purpose') }} as purpose,
        properties,
        content_hash,
        {{ read_value('is_granted') }} as is_granted,
        {{ parse_instant('recorded_at') }} as recorded_at
    from consents

)

select * from typed
