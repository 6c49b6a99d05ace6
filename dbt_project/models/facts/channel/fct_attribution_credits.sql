-- A view: what a model gives a touch follows from where it stands in its path.
{{ config(materialized='view') }}
with

conversions as (

    select * from {{ ref('dim_conversions') }}

),

conversion_models as (

    select *
    from {{ ref('dim_conversion_models') }}
    where model_id <> 'markov'

),

path_ends as (

    select *
    from {{ ref('fct_path_ends') }}
    where is_converted

),

path_touches as (

    select *
    from {{ ref('fct_path_touches') }}
    where is_converted

),

asked as (

    select
        path_ends.conversion_id,
        conversion_models.model_id,
        path_ends.source_id,
        path_ends.conversion_event_id,
        path_ends.user_id,
        path_ends.value_amount,
        path_ends.ended_at,
        path_touches.touch_id,
        path_touches.channel_id,
        path_touches.touch_number,
        path_touches.touch_count,
        path_touches.touch_number = 1 as is_first,
        path_touches.touch_number = path_touches.touch_count as is_last,
        path_touches.is_last_non_direct,
        path_touches.time_decay_credit,
        path_touches.shapley_credit,
        conversions.first_weight,
        conversions.last_weight
    from path_ends
    inner join conversions on path_ends.conversion_id = conversions.conversion_id
    inner join conversion_models on path_ends.conversion_id = conversion_models.conversion_id
    left join path_touches
        on path_ends.conversion_id = path_touches.conversion_id
        and path_ends.path_id = path_touches.path_id

),

{# A loop, because each model has its rule. #}
credited as (

    select
        asked.*,
        cast(case
            when channel_id is null then 1
            {%- for model, part in attribution_parts('1', 'time_decay_credit', 'shapley_credit').items() %}
            when model_id = '{{ model }}' then {{ part }}
            {%- endfor %}
        end as double) as credit
    from asked

)

select
    conversion_id,
    model_id,
    source_id,
    conversion_event_id,
    case when model_id <> 'shapley' then touch_id end as touch_id,
    case when model_id <> 'shapley' then touch_number end as touch_number,
    coalesce(touch_count, 0) as touch_count,
    user_id,
    coalesce(channel_id, '(none)') as channel_id,
    credit,
    credit * cast(value_amount as double) as credited_amount,
    ended_at as converted_at
from credited
-- Shapley asks for channels, not for touches.
where credit is not null
