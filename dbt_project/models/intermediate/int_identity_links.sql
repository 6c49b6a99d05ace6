-- Behind int_identity_links__touched, which compares the owners with what stands here.
-- depends_on: {{ ref('int_identity_links__touched') }}
with

owners as (

    select
        anonymous_id,
        user_id
    from {{ ref('int_identity_pairs') }}
    where is_owner

)

select
    anonymous_id,
    user_id
from owners
