with

contents as (

    select * from {{ ref('stg_feed__contents') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

ranked as (

    select
        contents.*,
        row_number() over (
            partition by content_id
            order by updated_at desc nulls last, content_hash desc
        ) as recency_rank
    from contents

),

known as (

    select * from ranked where recency_rank = 1

),

happened as (

    select
        content_id,
        min_by(is_first_decision_approval, first_decision_at) as is_first_decision_approval,
        min(first_event_at) as first_event_at,
        min(first_shown_at) as first_shown_at,
        min(first_submit_at) as first_submit_at,
        min(first_decision_at) as first_decision_at,
        min(first_publish_at) as first_publish_at,
        max(last_publish_at) as last_publish_at,
        max(last_unpublish_at) as last_unpublish_at
    from {{ ref('fct_content_days') }}
    group by content_id

),

pieces as (

    select
        coalesce(known.content_id, happened.content_id) as content_id,
        known.title,
        known.content_type,
        known.category,
        known.origin,
        known.author_id,
        known.is_original,
        happened.is_first_decision_approval,
        known.planned_at,
        coalesce(known.published_at, happened.first_publish_at) as published_at,
        -- A draft that is submitted is there for nobody yet.
        coalesce(known.published_at, happened.first_shown_at) as shown_at,
        happened.first_event_at,
        happened.first_submit_at,
        happened.first_decision_at,
        known.unpublished_at,
        happened.last_publish_at,
        happened.last_unpublish_at
    from known
    full join happened on known.content_id = happened.content_id

)

select
    pieces.content_id,
    pieces.title,
    pieces.content_type,
    pieces.category,
    pieces.origin,
    pieces.author_id,
    pieces.is_original,
    pieces.is_first_decision_approval,
    coalesce(
        pieces.shown_at <= horizon.data_through_at
        and not coalesce(pieces.unpublished_at <= horizon.data_through_at, false)
        and not {{ is_unpublished('pieces', 'pieces.shown_at') }},
        false
    ) as is_live,
    pieces.planned_at,
    pieces.first_submit_at,
    pieces.first_decision_at,
    pieces.published_at,
    pieces.shown_at,
    coalesce(pieces.published_at, pieces.first_event_at) as started_at,
    pieces.unpublished_at
from pieces
cross join horizon
