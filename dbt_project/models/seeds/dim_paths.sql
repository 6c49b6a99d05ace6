with

paths as (

    select * from {{ source('seeds', 'paths') }}

),

typed as (

    select
        path_id,
        label_en,
        label_zh,
        anchor_event,
        {{ path_item('anchor_item', 'drop_ending') }} as anchor_item,
        coalesce(lower(direction), 'after') as direction,
        item_event,
        item_property,
        drop_ending,
        coalesce(lower(repeats), 'each') as repeats,
        coalesce(lower(occurrences), 'every') as occurrences,
        coalesce(lower(scope), 'session') as scope,
        row_number,
        case
            when steps is null then 5
            else {{ whole_number('steps', most=50) }}
        end as steps,
        case
            when coalesce(lower(scope), 'session') = 'session'
                then {{ whole_seconds('session_gap_seconds', least=1) }}
        end as session_gap_seconds,
        case
            when window_seconds is null and lower(scope) = 'user' then 1209600
            else {{ whole_seconds('window_seconds', least=1) }}
        end as window_seconds,
        case
            when item_limit is null then 50
            else {{ whole_number('item_limit', 'bigint') }}
        end as item_limit,
        case
            when sequence_limit is null then 1000
            else {{ whole_number('sequence_limit', 'bigint') }}
        end as sequence_limit,
        anchor_event is not null or anchor_item is not null as has_anchor,
        {{ bound_instant('from_at', is_end=false) }} as from_at,
        {{ bound_instant('to_at', is_end=true) }} as to_at
    from paths
    where path_id is not null

),

-- An id that stands twice is a definition problem; the first row holds meanwhile.
ranked as (

    select
        typed.*,
        row_number() over (partition by path_id order by row_number) as copy_number
    from typed

)

select
    path_id,
    label_en,
    label_zh,
    anchor_event,
    anchor_item,
    direction,
    item_event,
    item_property,
    drop_ending,
    repeats,
    occurrences,
    scope,
    row_number,
    steps,
    session_gap_seconds,
    window_seconds,
    item_limit,
    sequence_limit,
    has_anchor,
    from_at,
    to_at
from ranked
where copy_number = 1
