with

attempts as (

    select * from {{ ref('fct_funnel_opened_attempts') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

-- A total for every funnel, and one part for each value where it is broken down.
parted as (

    select
        attempts.*,
        cast(null as {{ dbt.type_string() }}) as part_value
    from attempts
    where not attempts.is_breakdown_thread

    union all

    select
        attempts.*,
        attempts.breakdown_value as part_value
    from attempts
    inner join funnels on attempts.funnel_id = funnels.funnel_id
    where
        attempts.breakdown_value is not null
        and attempts.is_breakdown_thread = (funnels.breakdown_attribution = 'all')

)

-- Counted by users, a user is an entrant; by attempts, each attempt. Attempts within one value
-- (breakdown `all`) are numbered by themselves.
select
    parted.funnel_id,
    parted.user_id,
    parted.attempt_number,
    case
        when funnels.count_by = 'users' then ''
        else cast(parted.attempt_number as {{ dbt.type_string() }})
        || case when parted.is_breakdown_thread then ' ' || parted.part_value else '' end
    end as entrant_id,
    parted.part_value,
    parted.required_step_count,
    parted.step_count,
    parted.is_breakdown_thread,
    parted.is_void,
    parted.is_ignored,
    parted.entry_date,
    parted.entered_at,
    parted.furthest_at,
    parted.closes_at
from parted
inner join funnels on parted.funnel_id = funnels.funnel_id
