with

merchants as (

    {{ staged_feed_rows('merchants') }}

),

typed as (

    select
        {{ given_id('merchants', 'merchant_id') }} as merchant_id,
        {{ given_id('merchants', 'merchant_name') }} as merchant_name,
        {{ given_id('merchants', 'category') }} as category,
        {{ given_id('merchants', 'country') }} as country,
        {{ given_cell('merchants', 'level_id') }} as level_id,
        properties,
        content_hash,
        {{ parse_instant('opened_at') }} as opened_at,
        {{ parse_instant('updated_at') }} as updated_at
    from merchants

)

select * from typed
