with

contents as (

    {{ staged_feed_rows('contents') }}

),

typed as (

    select
        content_id,
        title,
        content_type,
        author_id,
        category,
        properties,
        content_hash,
        {{ parse_instant('published_at') }} as published_at,
        {{ parse_instant('updated_at') }} as updated_at
    from contents

)

select * from typed
