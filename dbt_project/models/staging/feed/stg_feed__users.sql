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
    {# A loop over the logs that tell of users too. -#}
    {% for source_name in exported_users() %}
    union all

    select
        user_id,
        properties,
        md5('{{ source_name }}' || chr(30) || user_id) as content_hash,
        created_at,
        updated_at
    from {{ ref('stg_' ~ source_name ~ '__users') }}
    {% endfor %}

)

select * from typed
