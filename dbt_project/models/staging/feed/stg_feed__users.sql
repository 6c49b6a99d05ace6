with

users as (

    {{ staged_feed_rows('users') }}

),

typed as (

    select
        known_user_id as user_id,
        properties,
        content_hash,
        {{ parse_instant('created_at') }} as created_at,
        {{ parse_instant('updated_at') }} as updated_at
    from users

)

select * from typed
