with

moments as (

    select * from {{ ref('step_content_moments') }}

),

readers as (

    select * from {{ ref('step_content_readers') }}

),

windows as (

    {% for days in content_windows() -%}
    select {{ days }} as window_days
    union all
    {% endfor -%}
    select cast(null as integer) as window_days

),

counted as (

    select
        content_id,
        window_days,
        {% for count, (roles, value) in content_counts().items() -%}
        sum(case when role in ('{{ roles | join("', '") }}') then {{ value }} else 0 end)
            as {{ count }},
        {% endfor -%}
        sum(dwell_seconds) as dwell_seconds
    from moments
    group by content_id, window_days

),

-- What is in a window is in each that is longer, and in the one that never ends.
happened as (

    select
        counted.content_id,
        windows.window_days,
        {% for count in content_counts() -%}
        cast(sum(counted.{{ count }}) as bigint) as {{ count }},
        {% endfor -%}
        sum(counted.dwell_seconds) as dwell_seconds
    from windows
    inner join counted
        on windows.window_days is null or counted.window_days <= windows.window_days
    group by counted.content_id, windows.window_days

),

read_by as (

    select
        readers.content_id,
        windows.window_days,
        count(*) as reader_count,
        count(case
            when windows.window_days is null and readers.has_interacted then 1
            when readers.interaction_window_days <= windows.window_days then 1
        end) as interacting_reader_count,
        count(case when readers.is_shared_in then 1 end) as shared_in_reader_count
    from windows
    inner join readers
        on windows.window_days is null or readers.window_days <= windows.window_days
    group by readers.content_id, windows.window_days

)

select
    pieces.content_id,
    windows.window_days,
    {% for count in content_counts() -%}
    coalesce(happened.{{ count }}, 0) as {{ count }},
    {% endfor -%}
    coalesce(happened.dwell_seconds, 0) as dwell_seconds,
    coalesce(read_by.reader_count, 0) as reader_count,
    coalesce(read_by.interacting_reader_count, 0) as interacting_reader_count,
    coalesce(read_by.shared_in_reader_count, 0) as shared_in_reader_count,
    {{ add_seconds(
        'pieces.started_at',
        'coalesce(windows.window_days * 86400 + '
        ~ [var('read_window_seconds'), var('click_window_seconds')] | max
        ~ ', ' ~ var('content_lifetime_days') * 86400 ~ ')'
    ) }} as settled_at
from {{ ref('dim_content_pieces') }} as pieces
cross join windows
left join happened
    on pieces.content_id = happened.content_id
    and windows.window_days is not distinct from happened.window_days
left join read_by
    on pieces.content_id = read_by.content_id
    and windows.window_days is not distinct from read_by.window_days
where pieces.started_at is not null
