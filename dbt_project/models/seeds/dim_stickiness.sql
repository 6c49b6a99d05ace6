with

stickiness as (

    select * from {{ source('seeds', 'stickiness') }}

),

typed as (

    select
        stickiness_id,
        coalesce(activity_id, 'any') as activity_id,
        label_en,
        label_zh,
        -- `interval` is a word of SQL itself
        coalesce(lower(trim(stickiness.interval)), 'day') as interval_unit,
        lower(trim(period)) as period,
        row_number,
        coalesce({{ whole_number('min_occurrences') }}, 1) as min_occurrences,
        coalesce({{ whole_number('max_occurrences') }}, 2147483647) as max_occurrences,
        coalesce({{ whole_number('interval_size') }}, 1) as interval_size,
        coalesce({{ try_cast('is_cumulative', 'boolean') }}, false) as is_cumulative,
        {{ bound_instant('from_at', is_end=false) }} as from_at,
        {{ bound_instant('to_at', is_end=true) }} as to_at,
        row_number() over (
            partition by stickiness_id order by row_number
        ) as copy_number,
        coalesce({{ is_date_text('from_at') }}, true)
            and coalesce({{ is_date_text('to_at') }}, true) as has_whole_days
    from stickiness
    where stickiness_id is not null

),

definitions as (

    select
        stickiness_id,
        activity_id,
        label_en,
        label_zh,
        interval_unit,
        period,
        row_number,
        min_occurrences,
        max_occurrences,
        interval_size,
        is_cumulative,
        -- days say nothing about hours, nor about a range that cuts a day
        interval_unit = 'hour' or (period = 'range' and not has_whole_days)
            as needs_instants,
        case when period = 'range' then {{ local_date('from_at') }} end as from_date,
        case when period = 'range' then {{ local_date('to_at') }} end as to_date,
        case when period = 'range' then from_at end as from_at,
        case when period = 'range' then to_at end as to_at
    from typed
    where
        copy_number = 1
        and interval_unit in ('hour', 'day', 'week', 'month')
        and period in ('week', '28_days', 'month', 'range')

)

select * from definitions
