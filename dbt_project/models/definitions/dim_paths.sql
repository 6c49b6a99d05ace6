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
        direction,
        item_event,
        item_property,
        drop_ending,
        repeats,
        occurrences,
        scope,
        row_number,
        steps,
        case when scope = 'session' then session_gap_seconds end as session_gap_seconds,
        coalesce(
            window_seconds, case when scope = 'user' then 1209600 end
        ) as window_seconds,
        item_limit,
        sequence_limit,
        anchor_event is not null or anchor_item is not null as has_anchor,
        {{ bound_instant('from_at', is_end=false) }} as from_at,
        {{ bound_instant('to_at', is_end=true) }} as to_at
    from paths

)

select * from typed
