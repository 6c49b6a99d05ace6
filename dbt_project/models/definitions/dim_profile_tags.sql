with

profile_tags as (

    select * from {{ source('seeds', 'profile_tags') }}

),

typed as (

    select
        tag_id,
        label_en,
        label_zh,
        row_number
    from profile_tags

)

select * from typed
