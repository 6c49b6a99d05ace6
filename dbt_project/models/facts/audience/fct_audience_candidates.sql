with

candidates as (

    select * from {{ ref('step_audience_candidates') }} where is_by_profile

)

select
    audience_id,
    user_id,
    status,
    properties,
    bucket,
    created_at,
    export_at
from candidates
