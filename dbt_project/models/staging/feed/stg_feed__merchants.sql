with

merchants as (

    {{ staged_feed_rows('merchants') }}

),

typed as (

    select
        merchant_id,
        merchant_name,
        category,
        country,
        properties,
        content_hash,
        {{ parse_instant('opened_at') }} as opened_at,
        {{ parse_instant('updated_at') }} as updated_at
    from merchants

)

select * from typed
