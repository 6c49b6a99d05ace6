with

contents as (

    {{ staged_feed_rows('contents') }}

),

given as (

    select
        contents.*,
        {% for column in ['origin', 'is_original', 'planned_at', 'unpublished_at'] -%}
        {{ given_cell('contents', column) }} as given_{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from contents

),

typed as (

    select
        {{ given_id('given', 'content_id') }} as content_id,
        {{ given_id('given', 'title') }} as title,
        {{ given_id('given', 'content_type') }} as content_type,
        known_user_id as author_id,
        {{ given_id('given', 'category') }} as category,
        lower(given_origin) as origin,
        properties,
        content_hash,
        {{ parse_boolean('given_is_original') }} as is_original,
        {{ parse_instant('given_planned_at') }} as planned_at,
        {{ parse_instant('published_at') }} as published_at,
        {{ parse_instant('given_unpublished_at') }} as unpublished_at,
        {{ parse_instant('updated_at') }} as updated_at
    from given

)

select * from typed
