with

stickiness as (

    select
        stickiness.*,
        lower(trim(stickiness.interval)) as interval_unit,
        {{ bound_instant('from_at', is_end=false) }} as from_instant,
        {{ bound_instant('to_at', is_end=true) }} as to_instant,
        row_number() over (
            partition by stickiness_id order by row_number
        ) as copy_number
    from {{ source('seeds', 'stickiness') }} as stickiness

),

dim_activities as (

    select * from {{ ref('dim_activities') }}

),

problems as (

    select
        row_number,
        'error' as severity,
        'stickiness_id is empty' as problem,
        'give it an id' as mend
    from stickiness
    where stickiness_id is null
    union all
    select
        row_number,
        'error' as severity,
        'stickiness ' || stickiness_id || ' stands here again' as problem,
        'give it an id of its own' as mend
    from stickiness
    where stickiness_id is not null and copy_number > 1
    union all
    select
        row_number,
        'error' as severity,
        'activity ' || activity_id || ' is unknown' as problem,
        'give an activity_id of activities.csv, or any' as mend
    from stickiness
    where
        activity_id <> 'any'
        and activity_id not in (select activity_id from dim_activities)
    union all
    select
        row_number,
        'error' as severity,
        'interval ' || interval_unit || ' is unknown' as problem,
        'give hour, day, week or month' as mend
    from stickiness
    where interval_unit not in ('hour', 'day', 'week', 'month')
    union all
    select
        row_number,
        'error' as severity,
        'period ' || coalesce(period, '(empty)') || ' is unknown' as problem,
        'give week, 28_days, month or range' as mend
    from stickiness
    where
        period is null
        or lower(trim(period)) not in ('week', '28_days', 'month', 'range')
    {% for column, default in [
        ('min_occurrences', '1'), ('max_occurrences', 'no limit'), ('interval_size', '1')
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is no whole number from 1 on' as problem,
        'give a whole number, or leave it empty for {{ default }}' as mend
    from stickiness
    where {{ column }} is not null and {{ whole_number(column) }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'max_occurrences ' || max_occurrences || ' is below min_occurrences '
        || coalesce(min_occurrences, '1') as problem,
        'give a max_occurrences from min_occurrences on' as mend
    from stickiness
    where
        {{ whole_number('max_occurrences') }}
        < coalesce({{ whole_number('min_occurrences') }}, 1)
    union all
    select
        row_number,
        'error' as severity,
        'is_cumulative ' || is_cumulative || ' is neither true nor false' as problem,
        'give true or false' as mend
    from stickiness
    where
        is_cumulative is not null
        and {{ try_cast('is_cumulative', 'boolean') }} is null
    {% for column, instant in [('from_at', 'from_instant'), ('to_at', 'to_instant')] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' cannot be read' as problem,
        'give a date (2024-05-31) or a time (2024-05-31T18:00:00Z)' as mend
    from stickiness
    where {{ column }} is not null and {{ instant }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'the range ends (' || to_at || ') before it begins (' || from_at || ')'
            as problem,
        'give a to_at after from_at' as mend
    from stickiness
    where to_instant < from_instant
    union all
    select
        row_number,
        'warning' as severity,
        'from_at and to_at say nothing on period ' || period as problem,
        'give period range, or leave them empty' as mend
    from stickiness
    where
        lower(trim(period)) in ('week', '28_days', 'month')
        and coalesce(from_at, to_at) is not null

),

named as (

    select
        'stickiness.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
