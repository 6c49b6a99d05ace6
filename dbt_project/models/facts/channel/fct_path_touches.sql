{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['conversion_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'conversion', 'from': 'ended_at', 'asks': ['channel']}},
) }}
with

conversions as (

    select * from {{ ref('dim_conversions') }}

),

channels as (

    select * from {{ ref('dim_channels') }}

),

path_ends as (

    select
        of_all.*,
        conversions.repeats,
        conversions.direct
    from {{ ref('fct_path_ends') }} as of_all
    {{ join_recomputed('conversion', 'of_all', 'ended_at') }}
    inner join conversions on of_all.conversion_id = conversions.conversion_id

),

ways as (

    select distinct direct from conversions

),

-- What stands before and after a touch is the same in all paths that hold both, so it is asked once
-- a user. Where direct touches are not counted, those that are and those that are not stand apart:
-- a path is of one kind.
touches as (

    select
        touches.user_id,
        ways.direct,
        touches.touch_id,
        touches.channel_id,
        coalesce(channels.is_direct, false) as is_direct,
        row_number() over in_order as user_touch_number,
        lag(touches.channel_id) over in_order as channel_before,
        lead(touches.channel_id) over in_order as channel_after,
        lag(touches.touched_at) over in_order as touched_before_at,
        lead(touches.touched_at) over in_order as touched_after_at,
        touches.touched_at
    from {{ ref('fct_touches') }} as touches
    cross join ways
    left join channels on touches.channel_id = channels.channel_id
    where touches.user_id in (select path_ends.user_id from path_ends)
    window in_order as (
        partition by
            touches.user_id,
            ways.direct,
            case when ways.direct = 'ignore' then coalesce(channels.is_direct, false) end
        order by touches.touched_at, touches.source_id, touches.event_id
    )

),

-- Of a run of one channel, the touch that counts: its first, or its last, within the path.
touched as (

    select
        path_ends.conversion_id,
        path_ends.path_id,
        path_ends.user_id,
        path_ends.direct,
        path_ends.is_converted,
        path_ends.end_date,
        path_ends.known_at,
        path_ends.ended_at,
        touches.touch_id,
        touches.channel_id,
        touches.is_direct,
        touches.user_touch_number,
        touches.touched_at
    from path_ends
    inner join touches
        on path_ends.user_id = touches.user_id
        and path_ends.direct = touches.direct
        and path_ends.from_at <= touches.touched_at
        and path_ends.ended_at >= touches.touched_at
    where
        (path_ends.after_at is null or touches.touched_at > path_ends.after_at)
        and (
            path_ends.repeats = 'each'
            or (
                path_ends.repeats = 'first'
                and (
                    touches.channel_id is distinct from touches.channel_before
                    or touches.touched_before_at < path_ends.from_at
                    or touches.touched_before_at <= path_ends.after_at
                )
            )
            or (
                path_ends.repeats = 'last'
                and (
                    touches.channel_id is distinct from touches.channel_after
                    or touches.touched_after_at > path_ends.ended_at
                )
            )
        )

),

undirected as (

    select distinct
        conversion_id,
        path_id
    from touched
    where direct = 'ignore' and not is_direct

),

numbered as (

    select
        touched.*,
        row_number() over in_order as touch_number,
        lead(touched.channel_id) over in_order as next_channel_id
    from touched
    left join undirected
        on touched.conversion_id = undirected.conversion_id
        and touched.path_id = undirected.path_id
    where touched.direct = 'keep' or not touched.is_direct or undirected.path_id is null
    window in_order as (
        partition by touched.conversion_id, touched.path_id order by touched.user_touch_number
    )

)

select
    conversion_id,
    path_id,
    touch_id,
    user_id,
    channel_id,
    next_channel_id,
    cast(touch_number as integer) as touch_number,
    is_direct,
    is_converted,
    end_date,
    known_at,
    touched_at,
    ended_at
from numbered
