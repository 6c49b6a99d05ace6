with

archived as (

    select * from {{ source('raw_archive', 'archived_funnel_attempts') }}

)

select
    funnel_id,
    user_id,
    breakdown_value,
    attempt_number,
    reached_step,
    required_step_count,
    step_count,
    is_breakdown_thread,
    is_ignored,
    closes_at,
    void_at,
    step_1_at,
    step_2_at,
    step_3_at,
    step_4_at,
    step_5_at,
    step_6_at,
    step_7_at,
    step_8_at,
    step_9_at,
    step_10_at,
    step_11_at,
    step_12_at
from archived
where {{ definition_is_as_archived("'funnel'", 'archived.funnel_id') }}
