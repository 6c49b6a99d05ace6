with

event_names as (

    select * from {{ source('seeds', 'event_names') }}

),

typed as (

    select
        event_name,
        label_en,
        label_zh,
        area,
        role,
        row_number,
        coalesce({{ try_cast('is_activity', 'boolean') }}, true) as is_activity,
        coalesce({{ try_cast('is_key_action', 'boolean') }}, false) as is_key_action
    from event_names
    where event_name is not null

),

-- A name that stands twice is a definition problem; the first row holds meanwhile, so that
-- no event is doubled.
ranked as (

    select
        typed.*,
        row_number() over (partition by event_name order by row_number) as copy_number
    from typed

)

select
    event_name,
    label_en,
    label_zh,
    area,
    role,
    row_number,
    is_activity,
    is_key_action
from ranked
where copy_number = 1
