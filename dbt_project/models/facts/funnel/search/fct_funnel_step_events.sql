with

valued as (

    select
        served.*,
        funnels.breakdown_attribution
    from {{ ref('fct_funnel_served_events') }} as served
    inner join {{ ref('dim_funnels') }} as funnels on served.funnel_id = funnels.funnel_id
    {{ join_recomputed('funnel', 'served', 'occurred_at') }}

),

-- A thread is a stream in which attempts are looked for: the user's events; with a value
-- held constant, those that carry it; with breakdown `all`, those of one value beside all.
threaded as (

    select
        valued.*,
        cast(null as {{ dbt.type_string() }}) as thread_breakdown_value,
        coalesce('constant ' || constant_value, '') as thread_id
    from valued

    union all

    select
        valued.*,
        breakdown_value as thread_breakdown_value,
        coalesce('constant ' || constant_value, '') || ' breakdown ' || breakdown_value as thread_id
    from valued
    where breakdown_attribution = 'all' and breakdown_value is not null

),

-- Rows of one event are of one instant, whichever stands first: one sort serves all three.
ordered as (

    select
        threaded.*,
        dense_rank() over (
            partition by funnel_id, user_id, thread_id
            order by occurred_at, source_id, event_id
        ) as event_rank,
        lag(occurred_at) over (
            partition by funnel_id, user_id, thread_id
            order by occurred_at, source_id, event_id
        ) as previous_at,
        lead(occurred_at) over (
            partition by funnel_id, user_id, thread_id
            order by occurred_at, source_id, event_id
        ) as next_at
    from threaded

)

select
    funnel_id,
    user_id,
    thread_id,
    source_id,
    event_id,
    side,
    breakdown_value,
    thread_breakdown_value,
    step_number,
    exclusion_number,
    event_rank,
    coalesce(occurred_at in (previous_at, next_at), false) as has_shared_instant,
    occurred_at
from ordered
