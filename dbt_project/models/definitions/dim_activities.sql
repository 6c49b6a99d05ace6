with

activities as (

    select * from {{ source('seeds', 'activities') }}

),

-- All activity is always counted, also where the file does not say so.
listed as (

    select
        activity_id,
        label_en,
        label_zh,
        event_name,
        new_by,
        row_number
    from activities

    union all

    select
        'any' as activity_id,
        'Any activity' as label_en,
        '任意活跃' as label_zh,
        null as event_name,
        'first_activity' as new_by,
        null as row_number
    where not exists (select 1 from activities where activity_id = 'any')

)

select * from listed
