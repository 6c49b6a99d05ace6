with

exclusions as (

    select * from {{ ref('dim_funnel_steps') }} where exclusion_number is not null

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

exclusion_events as (

    select * from {{ ref('step_funnel_named_step_events') }} where exclusion_number is not null

),

chains as (

    select * from {{ ref('step_funnel_chains') }}

),

-- Strictly between its two steps; in any order, between the opening and the completion. A step
-- that was not reached ends with the window, whose last instant belongs to it.
spans as (

    select
        chains.funnel_id,
        chains.user_id,
        chains.thread_id,
        chains.step_1_rank,
        chains.closes_at,
        exclusions.exclusion_number,
        case
            when funnels.order_mode = 'any' then chains.step_1_at
            else {{ step_time('chains', 'coalesce(exclusions.excluded_after_step, 1)') }}
        end as begins_at,
        case
            when funnels.order_mode = 'any'
                then {{ step_time('chains', 'funnels.step_count') }}
            else {{ step_time(
                'chains', 'coalesce(exclusions.excluded_before_step, funnels.step_count)'
            ) }}
        end as reached_at
    from chains
    inner join funnels on chains.funnel_id = funnels.funnel_id
    inner join exclusions on chains.funnel_id = exclusions.funnel_id

),

looks as (

    select
        funnel_id,
        user_id,
        thread_id,
        exclusion_number,
        step_1_rank,
        false as is_target,
        begins_at as occurred_at,
        coalesce({{ add_microseconds('reached_at', '-1') }}, closes_at) as last_at
    from spans
    where begins_at is not null

    union all

    select
        funnel_id,
        user_id,
        thread_id,
        exclusion_number,
        cast(null as bigint) as step_1_rank,
        true as is_target,
        occurred_at,
        cast(null as timestamp) as last_at
    from exclusion_events

),

-- Targets of the very instant stand before a look: what is excluded lies strictly between.
linked as (

    select
        looks.*,
        first_value(case when is_target then occurred_at end ignore nulls) over (
            partition by funnel_id, user_id, thread_id, exclusion_number
            order by occurred_at, is_target desc
            rows between current row and unbounded following
        ) as excluded_at
    from looks

)

select
    funnel_id,
    user_id,
    thread_id,
    step_1_rank,
    min(excluded_at) as void_at
from linked
where not is_target and excluded_at <= last_at
group by funnel_id, user_id, thread_id, step_1_rank
