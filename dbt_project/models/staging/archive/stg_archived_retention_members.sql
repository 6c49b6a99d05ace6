with

archived as (

    select * from {{ source('raw_archive', 'archived_retention_members') }}

)

select
    retention_id,
    user_id,
    breakdown_value,
    cohort_event_at
from archived
where {{ definition_is_as_archived("'retention'", 'archived.retention_id') }}
