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

converted as (

    select of_all.*
    from {{ ref('fct_conversions') }} as of_all
    {{ join_recomputed('conversion', 'of_all', 'converted_at') }}
    where of_all.is_counted

),

followed_conversions as (

    select conversion_id
    from {{ ref('dim_conversion_models') }}
    where model_id = 'markov'

),

touches as (

    select
        touches.*,
        row_number() over (
            partition by touches.user_id, {{ month_start('touches.touch_date') }}
            order by touches.touched_at desc, touches.source_id desc, touches.event_id desc
        ) as number_from_end
    from {{ ref('fct_touches') }} as touches
    {{ join_recomputed('path_end', 'touches', 'touched_at') }}

),

last_touches as (

    select
        followed_conversions.conversion_id,
        touches.user_id,
        touches.touch_id,
        touches.touch_date,
        touches.touched_at
    from touches
    cross join followed_conversions
    {{ join_recomputed('conversion', 'touches', 'touched_at', of='followed_conversions') }}
    where touches.number_from_end = 1

),

-- What a user did before such a touch, and after it within the time that one looks back.
unconverted as (

    select
        last_touches.conversion_id,
        last_touches.user_id,
        last_touches.touch_id,
        last_touches.touch_date,
        last_touches.touched_at,
        conversions.lookback_days,
        max(case when before.converted_at < last_touches.touched_at then before.converted_at end)
            as previous_converted_at
    from last_touches
    inner join conversions on last_touches.conversion_id = conversions.conversion_id
    left join {{ ref('fct_conversions') }} as before
        on last_touches.conversion_id = before.conversion_id
        and last_touches.user_id = before.user_id
        and before.is_counted
    group by
        last_touches.conversion_id,
        last_touches.user_id,
        last_touches.touch_id,
        last_touches.touch_date,
        last_touches.touched_at,
        conversions.lookback_days
    having coalesce(
        max(
            case
                when
                    before.converted_at >= last_touches.touched_at
                    and before.converted_at <= {{ add_seconds(
                        'last_touches.touched_at', 'conversions.lookback_days * 86400'
                    ) }}
                    then 1
            end
        ),
        0
    ) = 0

)

select
    converted.conversion_id,
    md5(converted.source_id || '|' || converted.conversion_event_id) as path_id,
    converted.source_id,
    converted.conversion_event_id,
    converted.user_id,
    converted.value_amount,
    true as is_converted,
    converted.conversion_date as end_date,
    {{ add_seconds('converted.converted_at', '-conversions.lookback_days * 86400') }} as from_at,
    case
        when conversions.path_since = 'previous_conversion' then converted.previous_converted_at
    end as after_at,
    converted.converted_at as known_at,
    converted.converted_at as ended_at
from converted
inner join conversions on converted.conversion_id = conversions.conversion_id

union all

select
    conversion_id,
    'null:' || touch_id as path_id,
    cast(null as {{ dbt.type_string() }}) as source_id,
    cast(null as {{ dbt.type_string() }}) as conversion_event_id,
    user_id,
    cast(null as decimal(38, 4)) as value_amount,
    false as is_converted,
    touch_date as end_date,
    {{ add_seconds('touched_at', '-lookback_days * 86400') }} as from_at,
    previous_converted_at as after_at,
    {{ add_seconds('touched_at', 'lookback_days * 86400') }} as known_at,
    touched_at as ended_at
from unconverted
