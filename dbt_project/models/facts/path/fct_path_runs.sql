{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['path_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'path', 'from': 'occurred_at'}},
) }}
with

path_events as (

    select of_all.*
    from {{ ref('fct_path_events') }} as of_all
    {{ join_recomputed('path', 'of_all', 'occurred_at') }}

),

paths as (

    select * from {{ ref('dim_paths') }}

),

-- Sessions of a path's own: a gap between its items opens one.
gaps as (

    select
        path_events.*,
        lag(occurred_at) over (
            partition by path_id, user_id order by {{ event_order() }}
        ) as gap_started_at
    from path_events
    where session_gap_seconds is not null

),

threaded as (

    select
        path_id,
        user_id,
        source_id,
        event_id,
        cast(sum(
            case
                when
                    {{ microseconds_between('gap_started_at', 'occurred_at') }}
                    < session_gap_seconds * 1000000
                    then 0
                else 1
            end
        ) over (
            partition by path_id, user_id
            order by {{ event_order() }}
            rows between unbounded preceding and current row
        ) as {{ dbt.type_string() }}) as thread_id,
        item,
        is_anchor,
        occurred_at
    from gaps

    union all

    select
        path_id,
        user_id,
        source_id,
        event_id,
        thread_id,
        item,
        is_anchor,
        occurred_at
    from path_events
    where session_gap_seconds is null

),

-- The last item of a user before the cut-off of an expiry may go on after it.
tails as (

    {{ archived_rows('arc_path_tails', [
        'path_id', 'source_id', 'event_id', 'item', 'is_anchor', 'occurred_at',
    ]) }}

),

archived as (

    select
        tails.*,
        row_number() over (
            partition by path_id, user_id order by {{ event_order(last_first=true) }}
        ) as number_from_end
    from tails

),

neighbours as (

    select
        threaded.*,
        paths.repeats,
        coalesce(lag(threaded.item) over in_order, archived.item) as item_before,
        coalesce(lag(threaded.is_anchor) over in_order, archived.is_anchor) as is_anchor_before,
        lead(threaded.item) over in_order as item_after,
        lead(threaded.is_anchor) over in_order as is_anchor_after,
        max(threaded.occurred_at) over (
            partition by threaded.path_id, threaded.user_id, threaded.thread_id
        ) as thread_ended_at
    from threaded
    inner join paths on threaded.path_id = paths.path_id
    left join archived
        on threaded.path_id = archived.path_id
        and threaded.user_id = archived.user_id
        and archived.number_from_end = 1
    where paths.repeats <> 'each'
    window in_order as (
        partition by threaded.path_id, threaded.user_id, threaded.thread_id
        order by {{ event_order('threaded') }}
    )

),

-- Of equal items in a row one stays; an anchor and another event of its item are two.
kept as (

    select *
    from neighbours
    where
        (
            repeats = 'first'
            and not coalesce(item = item_before and is_anchor = is_anchor_before, false)
        )
        or (
            repeats = 'last'
            and not coalesce(item = item_after and is_anchor = is_anchor_after, false)
        )

),

{% set columns = ['path_id', 'user_id', 'thread_id', 'source_id', 'event_id', 'item', 'is_anchor',
    'occurred_at'] -%}
runs as (

    select
        {{ columns | join(', ') }},
        thread_ended_at as ended_at
    from kept

    union all

    select
        threaded.{{ columns | join(', threaded.') }},
        threaded.occurred_at as ended_at
    from threaded
    inner join paths on threaded.path_id = paths.path_id
    where paths.repeats = 'each'

)

select
    path_id,
    user_id,
    thread_id,
    source_id,
    event_id,
    item,
    lag(item) over in_order as previous_item,
    row_number() over in_order as run_number,
    is_anchor,
    lag(occurred_at) over in_order as previous_at,
    max(ended_at) over (partition by path_id, user_id, thread_id) as thread_ended_at,
    occurred_at
from runs
window in_order as (
    partition by path_id, user_id, thread_id order by {{ event_order() }}
)
