{{ config(materialized='view') }}
with

archived as (

    select * from {{ source('raw_archive', 'archived_funnel_user_values') }}

)

select
    funnel_id,
    user_id,
    breakdown_value,
    occurred_at
from archived
where {{ definition_is_as_archived("'funnel'", 'archived.funnel_id') }}
