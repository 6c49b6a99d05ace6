with

activities as (

    select
        activities.*,
        row_number() over (partition by activity_id order by row_number) as copy_number
    from {{ source('seeds', 'activities') }} as activities

),

problems as (

    select
        row_number,
        'error' as severity,
        'activity_id is empty' as problem,
        'give it an id' as mend
    from activities
    where activity_id is null
    union all
    select
        row_number,
        'error' as severity,
        'activity ' || activity_id || ' stands here again' as problem,
        'give it an id of its own' as mend
    from activities
    where activity_id is not null and copy_number > 1
    union all
    select
        row_number,
        'error' as severity,
        'activity any is of ' || event_name || ' alone' as problem,
        'leave its event_name empty: any stands for all activity' as mend
    from activities
    where activity_id = 'any' and coalesce(event_name, '*') <> '*'
    union all
    select
        row_number,
        'error' as severity,
        'new_by ' || new_by || ' is unknown' as problem,
        'give first_activity or created_at' as mend
    from activities
    where lower(new_by) not in ('first_activity', 'created_at')

),

named as (

    select
        'activities.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
