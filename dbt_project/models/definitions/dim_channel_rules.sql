with

channels as (

    select * from {{ source('seeds', 'channels') }}

),

rules as (

    select
        rule_number,
        channel_id,
        label_en,
        label_zh,
        utm_source,
        utm_medium,
        utm_campaign,
        source_category,
        row_number,
        is_direct,
        is_paid
    from channels

)

select * from rules
