with

stickiness as (

    select * from {{ source('seeds', 'stickiness') }}

),

typed as (

    select
        stickiness_id,
        activity_id,
        label_en,
        label_zh,
        -- `interval` is a word of SQL itself
        stickiness.interval as interval_unit,
        period,
        row_number,
        min_occurrences,
        coalesce(max_occurrences, 2147483647) as max_occurrences,
        interval_size,
        is_cumulative,
        -- days say nothing about hours, nor about a range that cuts a day
        stickiness.interval = 'hour' or (
            period = 'range' and coalesce(length(from_at) > 10 or length(to_at) > 10, false)
        ) as needs_instants,
        case
            when period = 'range' then {{ bound_instant('from_at', is_end=false) }}
        end as from_at,
        case
            when period = 'range' then {{ bound_instant('to_at', is_end=true) }}
        end as to_at
    from stickiness

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
        needs_instants,
        {{ local_date('from_at') }} as from_date,
        {{ local_date('to_at') }} as to_date,
        from_at,
        to_at
    from typed

)

select * from definitions
