with

targets as (

    select * from {{ ref('step_kpi_targets') }}

)

select
    kpi_id,
    grain,
    target_value,
    period_start_date
from targets
where grain is not null
