{{ config(materialized='view') }}
with

archived as (

    select * from {{ source('raw_archive', 'archived_funnel_openings') }}

)

select
    funnel_id,
    user_id,
    thread_id,
    step_1_at,
    closed_at
from archived
where {{ definition_is_as_archived("'funnel'", 'archived.funnel_id') }}
