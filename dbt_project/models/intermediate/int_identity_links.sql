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

links as (

    select
        anonymous_id,
        user_id
    from ranked
    where owner_rank = 1 and user_count <= {{ var('shared_device_max_users') }}

)

select * from links
