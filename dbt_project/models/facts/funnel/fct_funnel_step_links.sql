with

step_events as (

    select * from {{ ref('fct_funnel_step_events') }} where step_number is not null

),

funnels as (

    select
        funnel_id,
        ties
    from {{ ref('dim_funnels') }}

),

-- The same event can serve two neighbouring steps, yet only one of them in an attempt.
shared as (

    select
        step_events.*,
        coalesce(
            lag(step_number) over (
                partition by funnel_id, user_id, thread_id, event_rank
                order by step_number
            ) = step_number - 1,
            false
        ) as serves_previous_step
    from step_events

),

-- Each event stands twice: looking for the next step, and as the one that a look finds.
looks as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_number,
        event_rank,
        false as is_target,
        false as serves_previous_step,
        occurred_at
    from shared

    union all

    select
        funnel_id,
        user_id,
        thread_id,
        step_number - 1 as step_number,
        event_rank,
        true as is_target,
        serves_previous_step,
        occurred_at
    from shared
    where step_number > 1

),

-- Within an instant, `together` lets every other event be found: one that serves both steps
-- only by those before it, so that a row of equals is used one by one. `later` lets none.
placed as (

    select
        looks.*,
        case
            when funnels.ties = 'later' then case when looks.is_target then 0 else 1 end
            when looks.is_target and not looks.serves_previous_step then 2
            else 1
        end as place_in_instant,
        case when looks.is_target then looks.event_rank end as target_rank,
        case when looks.is_target then looks.occurred_at end as target_at
    from looks
    inner join funnels on looks.funnel_id = funnels.funnel_id

),

linked as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_number,
        event_rank,
        is_target,
        first_value(target_rank ignore nulls) over next_rows as next_event_rank,
        first_value(target_at ignore nulls) over next_rows as next_occurred_at
    from placed
    window next_rows as (
        partition by funnel_id, user_id, thread_id, step_number
        order by occurred_at, place_in_instant, event_rank, is_target desc
        rows between current row and unbounded following
    )

)

select
    funnel_id,
    user_id,
    thread_id,
    step_number,
    event_rank,
    next_event_rank,
    next_occurred_at
from linked
where not is_target and next_event_rank is not null
