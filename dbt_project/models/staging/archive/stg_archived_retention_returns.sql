{{ config(materialized='view') }}
with

archived as (

    select * from {{ source('raw_archive', 'archived_retention_returns') }}

)

select
    retention_id,
    user_id,
    period,
    occurrence_count,
    same_value_count,
    returned_value_sum,
    same_value_returned_sum,
    is_later,
    is_later_with_same_value,
    cohort_start_at
from archived
where {{ definition_is_as_archived("'retention'", 'archived.retention_id') }}
