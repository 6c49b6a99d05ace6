{{ config(materialized='view') }}
with

attempts as (

    select * from {{ ref('fct_funnel_attempts') }}

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

),

part_entrants as (

    select
        parted.funnel_id,
        parted.part_value,
        case
            when funnels.count_by = 'attempts' then count(*)
            else count(distinct parted.user_id)
        end as entrant_count
    from parted
    inner join funnels on parted.funnel_id = funnels.funnel_id
    where parted.part_value is not null
    group by parted.funnel_id, parted.part_value, funnels.count_by

),

ranked_values as (

    select
        funnel_id,
        part_value,
        row_number() over (
            partition by funnel_id order by entrant_count desc, part_value
        ) as value_rank
    from part_entrants

),

-- Counted by users, a user is an entrant; by attempts, each attempt. Attempts within one value
-- (breakdown `all`) are numbered by themselves.
entries as (

    select
        parted.funnel_id,
        parted.user_id,
        parted.attempt_number,
        case
            when funnels.count_by = 'users' then ''
            else cast(parted.attempt_number as {{ dbt.type_string() }})
            || case when parted.is_breakdown_thread then ' ' || parted.part_value else '' end
        end as entrant_id,
        case when parted.is_breakdown_thread then parted.part_value end as thread_value,
        parted.part_value,
        case
            when parted.part_value is null then null
            when ranked_values.value_rank <= funnels.breakdown_limit then parted.part_value
            else 'Other'
        end as breakdown_value,
        parted.required_step_count,
        parted.step_count,
        parted.is_void,
        parted.is_ignored,
        parted.is_mature,
        {{ local_date('parted.entered_at') }} as entry_date,
        parted.entered_at,
        parted.furthest_at
    from parted
    inner join funnels on parted.funnel_id = funnels.funnel_id
    left join ranked_values
        on parted.funnel_id = ranked_values.funnel_id
        and parted.part_value = ranked_values.part_value

)

select
    funnel_id,
    breakdown_value,
    user_id,
    attempt_number,
    entrant_id,
    thread_value,
    part_value,
    required_step_count,
    step_count,
    is_void,
    is_ignored,
    is_mature,
    entry_date,
    entered_at,
    furthest_at
from entries
