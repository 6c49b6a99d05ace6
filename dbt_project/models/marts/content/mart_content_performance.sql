with

windows as (

    select * from {{ ref('step_content_windows') }}

),

pieces as (

    select * from {{ ref('dim_content_pieces') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

half_lives as (

    select
        content_id,
        greatest({{ discrete_median('age_seconds') }}, 0) as half_life_seconds
    from {{ ref('step_content_moments') }}
    where role = 'read_start' and age_seconds <= {{ var('content_lifetime_days') * 86400 }}
    group by content_id

),

final as (

    select
        windows.content_id,
        pieces.origin,
        pieces.category,
        pieces.title,
        windows.window_days,
        windows.exposure_count,
        windows.clicked_exposure_count,
        windows.click_count,
        {{ rate_with_bounds(
            'windows.clicked_exposure_count', 'windows.exposure_count', 'click_rate'
        ) }},
        windows.read_count,
        windows.reader_count,
        windows.finished_read_count,
        {{ rate_with_bounds('windows.finished_read_count', 'windows.read_count', 'finish_rate') }},
        windows.dwell_read_count,
        cast(windows.dwell_seconds as decimal(38, 6)) as dwell_seconds,
        {{ rate('windows.dwell_seconds', 'windows.dwell_read_count') }} as mean_dwell_seconds,
        windows.interaction_count,
        windows.interacting_reader_count,
        {{ rate_with_bounds(
            'windows.interacting_reader_count', 'windows.reader_count', 'interaction_rate'
        ) }},
        windows.share_count,
        windows.share_open_count,
        windows.shared_in_reader_count,
        {{ rate('windows.share_open_count', 'windows.share_count') }} as opens_per_share,
        {{ rate('windows.shared_in_reader_count', 'windows.reader_count') }} as k_factor,
        case when windows.window_days is null then half_lives.half_life_seconds end
            as half_life_seconds,
        windows.settled_at <= horizon.data_through_at as is_mature
    from windows
    inner join pieces on windows.content_id = pieces.content_id
    left join half_lives on windows.content_id = half_lives.content_id
    cross join horizon

)

select * from final
