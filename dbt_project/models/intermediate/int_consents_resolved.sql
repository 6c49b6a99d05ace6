with

consents as (

    select *
    from {{ ref('stg_feed__consents') }}
    where
        recorded_at is not null
        and (user_id is not null or anonymous_id is not null)

),

links as (

    select * from {{ ref('int_identity_links') }}

),

resolved as (

    select
        coalesce(
            consents.user_id,
            links.user_id,
            {{ anonymous_user_id('consents.anonymous_id') }}
        ) as user_id,
        consents.purpose,
        -- What cannot be read as a yes is a no.
        coalesce(consents.is_granted, false) as is_granted,
        consents.recorded_at
    from consents
    left join links
        on case when consents.user_id is null then consents.anonymous_id end
        = links.anonymous_id

)

-- Of several answers at one instant a no counts.
select
    user_id,
    purpose,
    min(case when is_granted then 1 else 0 end) = 1 as is_granted,
    recorded_at
from resolved
group by user_id, purpose, recorded_at
