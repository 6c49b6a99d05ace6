with

users as (

    {{ staged_feed_rows('users') }}

),

typed as (

    select
        known_user_id as user_id,
        properties,
        content_hash,
        cast(1 as double) as precedence,
        true as is_whole,
        {{ parse_instant('created_at') }} as created_at,
        {{ parse_instant('updated_at') }} as updated_at
    from users
    {# A loop over the logs that tell of users too. -#}
    {% for source_name in exported_users() %}
    union all

    select
        user_id,
        properties,
        md5(
            '{{ source_name }}' || chr(30) || user_id || chr(30) || properties || chr(30)
            || cast(precedence as {{ dbt.type_string() }}) || chr(30)
            || coalesce(cast(created_at as {{ dbt.type_string() }}), '') || chr(30)
            || cast(updated_at as {{ dbt.type_string() }})
        ) as content_hash,
        precedence,
        false as is_whole,
        created_at,
        updated_at
    from {{ ref('stg_' ~ source_name ~ '__users') }}
    {% endfor %}

)

select * from typed
