-- A view: whether more can join is another answer each day, and the items are not.
{{ config(materialized='view') }}
with

placed_items as (

    select * from {{ ref('fct_path_placed_items') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

)

select
    placed_items.path_id,
    placed_items.user_id,
    placed_items.source_id,
    placed_items.event_id,
    placed_items.item,
    placed_items.previous_item,
    placed_items.occurrence_number,
    placed_items.position,
    placed_items.seconds_from_previous,
    coalesce(
        placed_items.was_mature, placed_items.closed_at <= horizon.data_through_at, false
    ) as is_mature,
    placed_items.anchor_at,
    placed_items.occurred_at
from placed_items
cross join horizon
