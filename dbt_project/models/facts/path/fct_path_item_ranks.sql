with

items as (

    select
        path_id,
        item,
        count(*) as occurrence_count
    from {{ ref('fct_path_items') }}
    group by path_id, item

),

paths as (

    select * from {{ ref('dim_paths') }}

),

ranked as (

    select
        items.*,
        row_number() over (
            partition by path_id order by occurrence_count desc, item
        ) as item_rank
    from items

)

select
    ranked.path_id,
    ranked.item,
    case when ranked.item_rank <= paths.item_limit then ranked.item else 'Other' end as kept_item,
    ranked.occurrence_count,
    ranked.item_rank
from ranked
inner join paths on ranked.path_id = paths.path_id
