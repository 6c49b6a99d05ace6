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

path_ends as (

    select of_all.*
    from {{ ref('fct_path_ends') }} as of_all
    {{ join_recomputed('conversion', 'of_all', 'ended_at') }}
    where of_all.is_converted

),

numbered as (

    select of_all.*
    from {{ ref('fct_path_touches') }} as of_all
    {{ join_recomputed('conversion', 'of_all', 'ended_at') }}
    where of_all.is_converted

),

-- What a credit asks of its path is a sum, which needs no sort.
path_channels as (

    select
        conversion_id,
        path_id,
        channel_id,
        min(touch_number) as touch_number
    from numbered
    group by conversion_id, path_id, channel_id

),

channel_counts as (

    select
        conversion_id,
        path_id,
        count(*) as channel_count
    from path_channels
    group by conversion_id, path_id

),

path_sizes as (

    select
        conversion_id,
        path_id,
        count(*) as touch_count,
        max(case when is_direct then 0 else touch_number end) as last_non_direct_number,
        max(touched_at) as last_touched_at
    from numbered
    group by conversion_id, path_id

),

-- Against the last touch of the path, whose weight is 1: the share is the same, and no path is so
-- old that all its weights are 0. A decimal, because a sum of doubles depends on its order.
weighed as (

    select
        numbered.*,
        path_sizes.touch_count,
        path_sizes.last_non_direct_number,
        channel_counts.channel_count,
        path_channels.touch_number is not null as is_first_of_channel,
        conversions.first_weight,
        conversions.last_weight,
        cast(
            power(
                cast(2 as double),
                -{{ microseconds_between('numbered.touched_at', 'path_sizes.last_touched_at') }}
                / (conversions.half_life_days * 86400000000.0)
            ) as decimal(38, 18)
        ) as decay_weight
    from numbered
    inner join conversions on numbered.conversion_id = conversions.conversion_id
    inner join path_sizes
        on numbered.conversion_id = path_sizes.conversion_id
        and numbered.path_id = path_sizes.path_id
    inner join channel_counts
        on numbered.conversion_id = channel_counts.conversion_id
        and numbered.path_id = channel_counts.path_id
    left join path_channels
        on numbered.conversion_id = path_channels.conversion_id
        and numbered.path_id = path_channels.path_id
        and numbered.channel_id = path_channels.channel_id
        and numbered.touch_number = path_channels.touch_number

),

decay_sums as (

    select
        conversion_id,
        path_id,
        cast(sum(decay_weight) as double) as decay_weights
    from weighed
    group by conversion_id, path_id

),

credited as (

    select
        path_ends.conversion_id,
        path_ends.path_id,
        path_ends.source_id,
        path_ends.conversion_event_id,
        weighed.touch_id,
        path_ends.user_id,
        coalesce(weighed.channel_id, '(none)') as channel_id,
        weighed.next_channel_id,
        coalesce(weighed.touch_number, 1) as touch_number,
        coalesce(weighed.touch_count, 0) as touch_count,
        coalesce(weighed.is_first_of_channel, true) as is_first_of_channel,
        case when coalesce(weighed.touch_number, 1) = 1 then 1 else 0 end as first_credit,
        case when coalesce(weighed.touch_number = weighed.touch_count, true) then 1 else 0 end
            as last_credit,
        case
            when weighed.touch_number is null then 1
            when weighed.last_non_direct_number = 0
                then case when weighed.touch_number = weighed.touch_count then 1 else 0 end
            when weighed.touch_number = weighed.last_non_direct_number then 1
            else 0
        end as last_non_direct_credit,
        coalesce(1.0e0 / weighed.touch_count, 1) as linear_credit,
        case
            when coalesce(weighed.touch_count, 1) = 1 then 1
            when weighed.touch_count = 2
                then case
                    when weighed.touch_number = 1 then weighed.first_weight
                    else weighed.last_weight
                end / (weighed.first_weight + weighed.last_weight)
            when weighed.touch_number = 1 then weighed.first_weight
            when weighed.touch_number = weighed.touch_count then weighed.last_weight
            else (1 - weighed.first_weight - weighed.last_weight) / (weighed.touch_count - 2)
        end as position_credit,
        coalesce(cast(weighed.decay_weight as double) / decay_sums.decay_weights, 1)
            as time_decay_credit,
        case
            when weighed.channel_id is null then 1
            when weighed.is_first_of_channel then 1.0e0 / weighed.channel_count
            else 0
        end as shapley_credit,
        path_ends.value_amount,
        path_ends.end_date,
        path_ends.ended_at
    from path_ends
    left join weighed
        on path_ends.conversion_id = weighed.conversion_id
        and path_ends.path_id = weighed.path_id
    left join decay_sums
        on path_ends.conversion_id = decay_sums.conversion_id
        and path_ends.path_id = decay_sums.path_id

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
    cast(touch_number as integer) as touch_number,
    cast(touch_count as integer) as touch_count,
    is_first_of_channel,
    {%- for model in attribution_models() %}
    cast({{ model }}_credit as decimal(38, 18)) as {{ model }}_credit,
    {%- endfor %}
    value_amount,
    end_date,
    ended_at
from credited
