{%- set stale_seconds = var('content_stale_days') * 86400 %}
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
        pieces.shown_at,
        case when pieces.published_at <= horizon.data_through_at then pieces.published_at end
            as published_at
    from {{ ref('dim_content_pieces') }} as pieces
    cross join horizon
    where pieces.shown_at <= horizon.data_through_at

),

days as (

    select * from {{ ref('fct_content_days') }}

),

fresh_instants as (

    select
        content_id,
        last_read_at as fresh_at
    from days
    where last_read_at is not null

    union all

    select
        content_id,
        shown_at as fresh_at
    from pieces

    union all

    select
        content_id,
        published_at as fresh_at
    from pieces
    where published_at is not null

),

fresh_days as (

    select
        content_id,
        {{ local_date('max(fresh_at)') }} as fresh_date,
        {{ local_date(add_seconds('max(fresh_at)', stale_seconds)) }} as aged_date
    from fresh_instants
    group by content_id, {{ local_date('fresh_at') }}

),

-- From the day at whose end a piece is old and unread, to the day on which it is read again.
aged as (

    select
        content_id,
        aged_date,
        lead(fresh_date) over (partition by content_id order by fresh_date) as fresh_date
    from fresh_days

),

turns as (

    select
        content_id,
        1 as aged_change,
        aged_date as stock_date,
        cast(null as timestamp) as last_publish_at,
        cast(null as timestamp) as last_unpublish_at
    from aged
    where fresh_date is null or fresh_date > aged_date

    union all

    select
        content_id,
        -1 as aged_change,
        fresh_date as stock_date,
        null as last_publish_at,
        null as last_unpublish_at
    from aged
    where fresh_date > aged_date

    union all

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
        and not coalesce(
            so_far.last_unpublish_at > greatest(so_far.last_publish_at, pieces.shown_at), false
        ) as is_live
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
