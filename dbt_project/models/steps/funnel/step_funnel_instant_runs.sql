with

step_events as (

    select * from {{ ref('step_funnel_step_events') }}
    where step_number is not null and has_shared_instant

),

funnels as (

    select
        funnel_id,
        step_count
    from {{ ref('dim_funnels') }}
    where search = 'links' and ties = 'together'

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

step_sets as (

    select * from {{ ref('dim_funnel_step_sets') }}

),

-- The steps that an event can serve, as a set: step n is the bit 2 ^ (n - 1).
served as (

    select
        step_events.funnel_id,
        step_events.stream_id,
        step_events.occurred_at,
        step_events.event_rank,
        cast(sum(power(2, step_events.step_number - 1)) as integer) as step_set,
        count(*) as step_count
    from step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id
    group by
        step_events.funnel_id, step_events.stream_id,
        step_events.occurred_at, step_events.event_rank

),

-- Alone at its instant, an event serves one step.
shared_instants as (

    select
        funnel_id,
        stream_id,
        occurred_at,
        max(step_count) > 1 as has_choice
    from served
    group by funnel_id, stream_id, occurred_at
    having count(*) > 1

),

shared as (

    select
        served.*,
        shared_instants.has_choice
    from served
    inner join shared_instants
        on served.funnel_id = shared_instants.funnel_id
        and served.stream_id = shared_instants.stream_id
        and served.occurred_at = shared_instants.occurred_at

),

shared_counts as (

    select
        funnel_id,
        stream_id,
        occurred_at,
        has_choice,
        step_set,
        count(*) as event_count
    from shared
    group by funnel_id, stream_id, occurred_at, has_choice, step_set

),

-- Steps can be served by distinct events if, and only if, for every set of them there are
-- at least as many events that serve one (Hall's theorem). Where no event serves two, single
-- steps will do.
set_counts as (

    select
        shared_counts.funnel_id,
        shared_counts.stream_id,
        shared_counts.occurred_at,
        step_sets.step_set,
        step_sets.first_step,
        step_sets.last_step,
        step_sets.step_count,
        sum(
            case
                when (shared_counts.step_set & step_sets.step_set) <> 0
                    then shared_counts.event_count
                else 0
            end
        ) as event_count
    from shared_counts
    inner join funnels on shared_counts.funnel_id = funnels.funnel_id
    inner join step_sets
        on funnels.step_count >= step_sets.last_step
        and (shared_counts.has_choice or step_sets.step_count = 1)
    group by
        shared_counts.funnel_id, shared_counts.stream_id,
        shared_counts.occurred_at, step_sets.step_set, step_sets.first_step,
        step_sets.last_step, step_sets.step_count

),

-- The event that opens an attempt serves no other step of it.
looks as (

    select
        shared_instants.*,
        cast(null as bigint) as opening_rank,
        0 as opening_set
    from shared_instants

    union all

    select
        funnel_id,
        stream_id,
        occurred_at,
        has_choice,
        event_rank as opening_rank,
        step_set as opening_set
    from shared
    where (step_set & 1) <> 0

),

lacking as (

    select
        looks.funnel_id,
        looks.stream_id,
        looks.occurred_at,
        looks.opening_rank,
        set_counts.first_step,
        min(set_counts.last_step) as last_step
    from looks
    inner join set_counts
        on looks.funnel_id = set_counts.funnel_id
        and looks.stream_id = set_counts.stream_id
        and looks.occurred_at = set_counts.occurred_at
    where
        set_counts.step_count
        > set_counts.event_count
        - case when (looks.opening_set & set_counts.step_set) <> 0 then 1 else 0 end
    group by
        looks.funnel_id, looks.stream_id, looks.occurred_at,
        looks.opening_rank, set_counts.first_step

),

runs as (

    select
        looks.funnel_id,
        looks.stream_id,
        looks.opening_rank,
        steps.step_number,
        coalesce(min(lacking.last_step) - 1, max(funnels.step_count)) as last_step,
        looks.occurred_at
    from looks
    inner join steps
        on looks.funnel_id = steps.funnel_id
        and (looks.opening_rank is null or steps.step_number = 2)
    inner join funnels on looks.funnel_id = funnels.funnel_id
    left join lacking
        on looks.funnel_id = lacking.funnel_id
        and looks.stream_id = lacking.stream_id
        and looks.occurred_at = lacking.occurred_at
        and looks.opening_rank is not distinct from lacking.opening_rank
        and steps.step_number <= lacking.first_step
    group by
        looks.funnel_id, looks.stream_id, looks.opening_rank,
        steps.step_number, looks.occurred_at

)

select
    funnel_id,
    stream_id,
    opening_rank,
    step_number,
    cast(last_step as integer) as last_step,
    occurred_at
from runs
where last_step >= step_number
