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
        coalesce(lower(new_by), 'first_activity') as new_by,
        row_number
    from activities
    where activity_id is not null

    union all

    select
        'any' as activity_id,
        'Any activity' as label_en,
        '任意活跃' as label_zh,
        null as event_name,
        'first_activity' as new_by,
        null as row_number
    where not exists (select 1 from activities where activity_id = 'any')

),

ranked as (

    select
        listed.*,
        row_number() over (partition by activity_id order by row_number) as copy_number
    from listed

)

select
    activity_id,
    label_en,
    label_zh,
    event_name,
    new_by,
    row_number
from ranked
where copy_number = 1
