with

path_items as (

    select * from {{ ref('fct_path_items') }}

),

item_ranks as (

    select * from {{ ref('fct_path_item_ranks') }}

),

paths as (

    select * from {{ ref('dim_paths') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

kept as (

    select
        path_items.path_id,
        path_items.user_id,
        path_items.position,
        previous_ranks.kept_item as source_item,
        item_ranks.kept_item as target_item,
        -- Whole microseconds: a sum of them does not depend on its order.
        cast(round(path_items.seconds_from_previous * 1000000) as bigint)
            as microseconds_from_previous,
        path_items.is_mature
    from path_items
    inner join item_ranks
        on path_items.path_id = item_ranks.path_id
        and path_items.item = item_ranks.item
    left join item_ranks as previous_ranks
        on path_items.path_id = previous_ranks.path_id
        and path_items.previous_item = previous_ranks.item

),

edges as (

    select
        path_id,
        source_item,
        target_item,
        position as target_position,
        count(*) as occurrence_count,
        count(distinct user_id) as user_count,
        count(case when is_mature then 1 end) as mature_occurrence_count,
        sum(case when is_mature then microseconds_from_previous end)
        / (1000000.0 * count(case when is_mature then 1 end)) as mean_seconds
    from kept
    where source_item is not null
    group by path_id, source_item, target_item, position

),

sources as (

    select
        path_id,
        target_item as source_item,
        position as source_position,
        count(case when is_mature then 1 end) as mature_source_count
    from kept
    group by path_id, target_item, position

),

settled as (

    select
        path_items.path_id,
        bool_and(path_items.is_mature)
        and coalesce(max(paths.to_at) <= max(horizon.data_through_at), false) as is_mature
    from path_items
    inner join paths on path_items.path_id = paths.path_id
    cross join horizon
    group by path_items.path_id

)

select
    edges.path_id,
    edges.source_item,
    edges.target_item,
    cast(edges.target_position - 1 as integer) as source_position,
    edges.target_position,
    edges.occurrence_count,
    edges.user_count,
    edges.mature_occurrence_count,
    sources.mature_source_count,
    {{ rate('edges.mature_occurrence_count', 'sources.mature_source_count') }}
        as rate_from_source,
    cast(edges.mean_seconds as double) as mean_seconds,
    settled.is_mature
from edges
inner join sources
    on edges.path_id = sources.path_id
    and edges.source_item = sources.source_item
    and edges.target_position - 1 = sources.source_position
inner join settled on edges.path_id = settled.path_id
