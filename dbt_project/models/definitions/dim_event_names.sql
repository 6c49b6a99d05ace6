with

event_names as (

    select
        event_name,
        label_en,
        label_zh,
        area,
        role,
        row_number,
        is_activity,
        is_key_action
    from {{ source('seeds', 'event_names') }}

)

select * from event_names
