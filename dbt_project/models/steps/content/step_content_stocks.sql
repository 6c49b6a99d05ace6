with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

pieces as (

    select
        pieces.content_id,
        {{ local_date('pieces.shown_at') }} as shown_date,
        {{ local_date('pieces.unpublished_at') }} as unpublished_date,
        pieces.shown_at
    from {{ ref('dim_content_pieces') }} as pieces
    cross join horizon
    where pieces.shown_at <= horizon.data_through_at

),

days as (

    select * from {{ ref('fct_content_days') }}

),

aged as (

    select * from {{ ref('step_content_aged') }}

),

turns as (

    select
        content_id,
        1 as aged_change,
        aged_date as stock_date,
        cast(null as timestamp) as last_publish_at,
        cast(null as timestamp) as last_unpublish_at
    from aged

    union all

    select
        content_id,
        -1 as aged_change,
        fresh_date as stock_date,
        null as last_publish_at,
        null as last_unpublish_at
    from aged
    where fresh_date is not null

    union all

    {# A loop, because both days may change what is live, and nothing else. -#}
    {% for turn in ['shown_date', 'unpublished_date'] -%}
    select
        content_id,
        0 as aged_change,
        {{ turn }} as stock_date,
        null as last_publish_at,
        null as last_unpublish_at
    from pieces
    where {{ turn }} is not null

    union all

    {% endfor -%}
    select
        content_id,
        0 as aged_change,
        event_date as stock_date,
        last_publish_at,
        last_unpublish_at
    from days
    where last_publish_at is not null or last_unpublish_at is not null

),

by_day as (

    select
        content_id,
        sum(aged_change) as aged_change,
        stock_date,
        max(last_publish_at) as last_publish_at,
        max(last_unpublish_at) as last_unpublish_at
    from turns
    group by content_id, stock_date

),

so_far as (

    select
        content_id,
        sum(aged_change) over by_then as aged_count,
        stock_date,
        max(last_publish_at) over by_then as last_publish_at,
        max(last_unpublish_at) over by_then as last_unpublish_at
    from by_day
    window by_then as (
        partition by content_id
        order by stock_date
        rows between unbounded preceding and current row
    )

),

-- At the end of the day.
stood as (

    select
        so_far.content_id,
        so_far.aged_count,
        so_far.stock_date,
        so_far.stock_date >= pieces.shown_date
        and not coalesce(so_far.stock_date >= pieces.unpublished_date, false)
        and not {{ is_unpublished('so_far', 'pieces.shown_at') }} as is_live
    from so_far
    inner join pieces on so_far.content_id = pieces.content_id
    cross join horizon
    where so_far.stock_date <= horizon.data_through_date

),

counted as (

    select
        content_id,
        stock_date,
        case when is_live then 1 else 0 end as live_count,
        case when is_live and aged_count > 0 then 1 else 0 end as stale_count
    from stood

)

select
    content_id,
    stock_date,
    live_count - lag(live_count, 1, 0) over by_piece as live_change,
    stale_count - lag(stale_count, 1, 0) over by_piece as stale_change
from counted
window by_piece as (partition by content_id order by stock_date)
