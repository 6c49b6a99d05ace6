with

contents as (

    {{ staged_feed_rows('contents') }}

),

typed as (

    select
        {{ given_id('contents', 'content_id') }} as content_id,
        {{ given_id('contents', 'title') }} as title,
        {{ given_id('contents', 'content_type') }} as content_type,
        known_user_id as author_id,
        {{ given_id('contents', 'category') }} as category,
        properties,
        content_hash,
        {{ parse_instant('published_at') }} as published_at,
        {{ parse_instant('updated_at') }} as updated_at
    from contents

)

select * from typed
