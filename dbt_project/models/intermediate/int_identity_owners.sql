with

pairs as (

    select * from {{ ref('int_identity_pairs') }}

),

ranked as (

    select
        anonymous_id,
        user_id,
        row_number() over (
            partition by anonymous_id
            order by first_seen_at, first_event_id, user_id
        ) as owner_rank,
        count(*) over (partition by anonymous_id) as user_count
    from pairs

),

-- Without the rows of an erased person a device that they shared may look like another's own.
unjoined as (

    select * from {{ ref('stg_unjoined_anonymous_ids') }}

),

links as (

    select
        ranked.anonymous_id,
        ranked.user_id
    from ranked
    left join unjoined on ranked.anonymous_id = unjoined.anonymous_id
    where
        ranked.owner_rank = 1
        and ranked.user_count <= {{ var('shared_device_max_users') }}
        and unjoined.anonymous_id is null

)

select * from links
