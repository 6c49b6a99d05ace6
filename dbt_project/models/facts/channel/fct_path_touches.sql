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

    select of_all.*
    from {{ ref('fct_path_ends') }} as of_all
    {{ join_recomputed('conversion', 'of_all', 'ended_at') }}

),

touched as (

    select
        path_ends.conversion_id,
        path_ends.path_id,
        path_ends.user_id,
        path_ends.is_converted,
        path_ends.end_date,
        path_ends.known_at,
        path_ends.ended_at,
        touches.touch_id,
        touches.channel_id,
        touches.source_id,
        touches.event_id,
        coalesce(channels.is_direct, false) as is_direct,
        conversions.repeats,
        conversions.direct,
        touches.touched_at
    from path_ends
    inner join {{ ref('fct_touches') }} as touches
        on path_ends.user_id = touches.user_id
        and path_ends.from_at <= touches.touched_at
        and path_ends.ended_at >= touches.touched_at
    inner join conversions on path_ends.conversion_id = conversions.conversion_id
    left join channels on touches.channel_id = channels.channel_id
    where path_ends.after_at is null or touches.touched_at > path_ends.after_at

),

undirected as (

    select distinct
        conversion_id,
        path_id
    from touched
    where direct = 'ignore' and not is_direct

),

neighbours as (

    select
        touched.*,
        lag(touched.channel_id) over in_order as channel_before,
        lead(touched.channel_id) over in_order as channel_after
    from touched
    left join undirected
        on touched.conversion_id = undirected.conversion_id
        and touched.path_id = undirected.path_id
    where touched.direct = 'keep' or not touched.is_direct or undirected.path_id is null
    window in_order as (
        partition by touched.conversion_id, touched.path_id
        order by touched.touched_at, touched.source_id, touched.event_id
    )

),

numbered as (

    select
        neighbours.*,
        row_number() over in_order as touch_number,
        lead(channel_id) over in_order as next_channel_id
    from neighbours
    where
        repeats = 'each'
        or (repeats = 'first' and channel_id is distinct from channel_before)
        or (repeats = 'last' and channel_id is distinct from channel_after)
    window in_order as (
        partition by conversion_id, path_id order by touched_at, source_id, event_id
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
