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

-- Who asks of a path more than places.
shared_conversions as (

    select distinct conversion_id
    from {{ ref('dim_conversion_models') }}
    where model_id in ('time_decay', 'shapley')

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
        path_ends.value_amount,
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
        lead(touched.channel_id) over in_order as next_channel_id,
        -- In the same order as the rest, so that all come of one sort.
        count(*) over whole_path as touch_count,
        max(case when not touched.is_direct then touched.user_touch_number end) over whole_path
            as last_non_direct_number,
        max(touched.touched_at) over whole_path as last_touched_at
    from touched
    left join undirected
        on touched.conversion_id = undirected.conversion_id
        and touched.path_id = undirected.path_id
    where touched.direct = 'keep' or not touched.is_direct or undirected.path_id is null
    window
        in_order as (
            partition by touched.conversion_id, touched.path_id order by touched.user_touch_number
        ),
        whole_path as (
            partition by touched.conversion_id, touched.path_id order by touched.user_touch_number
            rows between unbounded preceding and unbounded following
        )

),

-- Against the last touch of the path, whose weight is 1: the share is the same, and no path is so
-- old that all its weights are 0. A decimal, because a sum of doubles depends on its order.
weighed as (

    select
        numbered.conversion_id,
        numbered.path_id,
        numbered.channel_id,
        numbered.touch_number,
        cast(
            power(
                cast(2 as double),
                -{{ microseconds_between('numbered.touched_at', 'numbered.last_touched_at') }}
                / (conversions.half_life_days * 86400000000.0)
            ) as decimal(38, 18)
        ) as decay_weight
    from numbered
    inner join shared_conversions on numbered.conversion_id = shared_conversions.conversion_id
    inner join conversions on numbered.conversion_id = conversions.conversion_id
    where numbered.is_converted

),

path_channels as (

    select
        conversion_id,
        path_id,
        channel_id,
        min(touch_number) as touch_number,
        sum(decay_weight) as decay_weight
    from weighed
    group by conversion_id, path_id, channel_id

),

path_sums as (

    select
        conversion_id,
        path_id,
        count(*) as channel_count,
        cast(sum(decay_weight) as double) as decay_weight
    from path_channels
    group by conversion_id, path_id

),

shares as (

    select
        weighed.conversion_id,
        weighed.path_id,
        weighed.touch_number,
        cast(weighed.decay_weight as double) / path_sums.decay_weight as time_decay_credit,
        case
            when weighed.touch_number = path_channels.touch_number
                then 1.0e0 / path_sums.channel_count
        end as shapley_credit
    from weighed
    inner join path_sums
        on weighed.conversion_id = path_sums.conversion_id
        and weighed.path_id = path_sums.path_id
    inner join path_channels
        on weighed.conversion_id = path_channels.conversion_id
        and weighed.path_id = path_channels.path_id
        and weighed.channel_id = path_channels.channel_id

)

select
    numbered.conversion_id,
    numbered.path_id,
    numbered.touch_id,
    numbered.user_id,
    numbered.channel_id,
    numbered.next_channel_id,
    cast(numbered.touch_number as integer) as touch_number,
    cast(numbered.touch_count as integer) as touch_count,
    shares.time_decay_credit,
    shares.shapley_credit,
    numbered.value_amount,
    numbered.is_converted,
    coalesce(
        numbered.user_touch_number = numbered.last_non_direct_number,
        numbered.touch_number = numbered.touch_count
    ) as is_last_non_direct,
    numbered.end_date,
    numbered.known_at,
    numbered.ended_at
from numbered
left join shares
    on numbered.conversion_id = shares.conversion_id
    and numbered.path_id = shares.path_id
    and numbered.touch_number = shares.touch_number
