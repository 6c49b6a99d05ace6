{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['conversion_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'conversion', 'from': 'ended_at'}},
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
        touches.touch_id,
        touches.channel_id,
        touches.source_id,
        touches.event_id,
        coalesce(channels.is_direct, false) as is_direct,
        touches.touched_at
    from path_ends
    inner join {{ ref('fct_touches') }} as touches
        on path_ends.user_id = touches.user_id
        and path_ends.from_at <= touches.touched_at
        and path_ends.ended_at >= touches.touched_at
    left join channels on touches.channel_id = channels.channel_id
    where path_ends.after_at is null or touches.touched_at > path_ends.after_at

),

directed as (

    select
        touched.*,
        conversions.repeats,
        conversions.direct,
        conversions.half_life_days,
        conversions.first_weight,
        conversions.last_weight,
        bool_and(touched.is_direct) over (
            partition by touched.conversion_id, touched.path_id
        ) as is_all_direct
    from touched
    inner join conversions on touched.conversion_id = conversions.conversion_id

),

neighbours as (

    select
        directed.*,
        lag(channel_id) over in_order as channel_before,
        lead(channel_id) over in_order as channel_after
    from directed
    where direct = 'keep' or not is_direct or is_all_direct
    window in_order as (
        partition by conversion_id, path_id order by touched_at, source_id, event_id
    )

),

numbered as (

    select
        neighbours.*,
        row_number() over in_order as touch_number,
        row_number() over (
            partition by conversion_id, path_id, channel_id
            order by touched_at, source_id, event_id
        ) as number_in_channel,
        lead(channel_id) over in_order as next_channel_id
    from neighbours
    where
        repeats = 'each'
        or (repeats = 'first' and channel_id is distinct from channel_before)
        or (repeats = 'last' and channel_id is distinct from channel_after)
    window in_order as (
        partition by conversion_id, path_id order by touched_at, source_id, event_id
    )

),

measured as (

    select
        numbered.*,
        count(*) over of_path as touch_count,
        max(case when is_direct then 0 else touch_number end) over of_path
            as last_non_direct_number,
        sum(case when number_in_channel = 1 then 1 else 0 end) over of_path as channel_count,
        max(touched_at) over of_path as last_touched_at
    from numbered
    window of_path as (partition by conversion_id, path_id)

),

-- Against the last touch of the path, whose weight is 1: the share is the same, and no path is so
-- old that all its weights are 0.
weighed as (

    select
        measured.*,
        power(
            cast(2 as double),
            -{{ microseconds_between('touched_at', 'last_touched_at') }}
            / (half_life_days * 86400000000.0)
        ) as decay_weight
    from measured

),

decayed as (

    select
        weighed.*,
        sum(decay_weight) over (
            partition by conversion_id, path_id order by touch_number
            rows between unbounded preceding and unbounded following
        ) as decay_weights
    from weighed

),

credited as (

    select
        path_ends.conversion_id,
        path_ends.path_id,
        path_ends.source_id,
        path_ends.conversion_event_id,
        decayed.touch_id,
        path_ends.user_id,
        coalesce(decayed.channel_id, '(none)') as channel_id,
        decayed.next_channel_id,
        cast(coalesce(decayed.touch_number, 1) as integer) as touch_number,
        cast(coalesce(decayed.touch_count, 0) as integer) as touch_count,
        coalesce(decayed.number_in_channel, 1) = 1 as is_first_of_channel,
        case when coalesce(decayed.touch_number, 1) = 1 then 1 else 0 end as first_credit,
        case when coalesce(decayed.touch_number = decayed.touch_count, true) then 1 else 0 end
            as last_credit,
        case
            when decayed.touch_number is null then 1
            when decayed.last_non_direct_number = 0
                then case when decayed.touch_number = decayed.touch_count then 1 else 0 end
            when decayed.touch_number = decayed.last_non_direct_number then 1
            else 0
        end as last_non_direct_credit,
        coalesce(1.0e0 / decayed.touch_count, 1) as linear_credit,
        case
            when coalesce(decayed.touch_count, 1) = 1 then 1
            when decayed.touch_count = 2
                then case
                    when decayed.touch_number = 1 then decayed.first_weight
                    else decayed.last_weight
                end / (decayed.first_weight + decayed.last_weight)
            when decayed.touch_number = 1 then decayed.first_weight
            when decayed.touch_number = decayed.touch_count then decayed.last_weight
            else (1 - decayed.first_weight - decayed.last_weight) / (decayed.touch_count - 2)
        end as position_credit,
        coalesce(decayed.decay_weight / decayed.decay_weights, 1) as time_decay_credit,
        case
            when decayed.channel_id is null then 1
            when decayed.number_in_channel = 1 then 1.0e0 / decayed.channel_count
            else 0
        end as shapley_credit,
        path_ends.value_amount,
        path_ends.is_converted,
        path_ends.end_date,
        path_ends.known_at,
        path_ends.ended_at
    from path_ends
    left join decayed
        on path_ends.conversion_id = decayed.conversion_id
        and path_ends.path_id = decayed.path_id

)

select
    conversion_id,
    path_id,
    source_id,
    conversion_event_id,
    touch_id,
    user_id,
    channel_id,
    next_channel_id,
    touch_number,
    touch_count,
    is_first_of_channel,
    {# A decimal, because a sum of doubles depends on its order. #}
    {%- for model in attribution_models() %}
    cast(case when is_converted then {{ model }}_credit end as decimal(38, 18)) as {{ model }}_credit,
    {%- endfor %}
    value_amount,
    is_converted,
    end_date,
    known_at,
    ended_at
from credited
