with

step_events as (

    select * from {{ ref('step_funnel_named_step_events') }} where step_number is not null

),

funnels as (

    select * from {{ ref('dim_funnels') }} where search = 'sets'

),

-- The steps that an event can serve, as a set: step n is the bit 2 ^ (n - 1).
served as (

    select
        step_events.funnel_id,
        step_events.user_id,
        step_events.thread_id,
        step_events.thread_breakdown_value,
        funnels.ties,
        step_events.event_rank,
        cast(sum(power(2, step_events.step_number - 1)) as integer) as step_set,
        step_events.occurred_at
    from step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    group by
        step_events.funnel_id, step_events.user_id, step_events.thread_id,
        step_events.thread_breakdown_value, funnels.ties, step_events.event_rank,
        step_events.occurred_at

),

-- Where each step must be later than the one before, an instant serves one step, whichever
-- of its events does.
united as (

    select
        funnel_id,
        user_id,
        thread_id,
        thread_breakdown_value,
        min(event_rank) as unit_rank,
        bit_or(step_set) as step_set,
        occurred_at
    from served
    group by
        funnel_id, user_id, thread_id, thread_breakdown_value, occurred_at,
        case when ties = 'later' then 0 else event_rank end

)

select
    funnel_id,
    user_id,
    thread_id,
    thread_breakdown_value,
    unit_rank,
    cast(step_set as integer) as step_set,
    false as is_opening,
    occurred_at,
    cast(null as timestamp) as closes_at
from united

union all

select
    served.funnel_id,
    served.user_id,
    served.thread_id,
    served.thread_breakdown_value,
    served.event_rank as unit_rank,
    served.step_set,
    true as is_opening,
    served.occurred_at,
    {{ add_seconds('served.occurred_at', 'funnels.window_seconds') }} as closes_at
from served
inner join funnels on served.funnel_id = funnels.funnel_id
where
    (funnels.from_at is null or served.occurred_at >= funnels.from_at)
    and (funnels.to_at is null or served.occurred_at <= funnels.to_at)
