with

step_events as (

    select * from {{ ref('fct_funnel_step_events') }} where step_number is not null

),

runs as (

    select * from {{ ref('fct_funnel_instant_runs') }} where opening_rank is null

),

serving as (

    select
        step_events.funnel_id,
        step_events.user_id,
        step_events.thread_id,
        step_events.step_number,
        step_events.has_shared_instant,
        step_events.occurred_at
    from step_events
    inner join {{ ref('dim_funnels') }} as funnels
        on step_events.funnel_id = funnels.funnel_id
    where funnels.search = 'links'

),

instants as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_number,
        occurred_at
    from serving
    where not has_shared_instant

    union all

    select distinct
        funnel_id,
        user_id,
        thread_id,
        step_number,
        occurred_at
    from serving
    where has_shared_instant

),

-- Each instant stands twice: looking for the next step, and as one that a look finds.
looks as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_number,
        false as is_target,
        occurred_at
    from instants

    union all

    select
        funnel_id,
        user_id,
        thread_id,
        step_number - 1 as step_number,
        true as is_target,
        occurred_at
    from instants
    where step_number > 1

),

-- A look finds what is strictly later; what one instant serves together is a run.
linked as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_number,
        is_target,
        occurred_at,
        first_value(case when is_target then occurred_at end ignore nulls) over (
            partition by funnel_id, user_id, thread_id, step_number
            order by occurred_at, is_target desc
            rows between current row and unbounded following
        ) as next_occurred_at
    from looks

)

select
    linked.funnel_id,
    linked.user_id,
    linked.thread_id,
    linked.step_number,
    coalesce(runs.last_step, linked.step_number + 1) as next_last_step,
    linked.occurred_at,
    linked.next_occurred_at
from linked
left join runs
    on linked.funnel_id = runs.funnel_id
    and linked.user_id = runs.user_id
    and linked.thread_id = runs.thread_id
    and linked.step_number + 1 = runs.step_number
    and linked.next_occurred_at = runs.occurred_at
where not linked.is_target and linked.next_occurred_at is not null
