with recursive

funnels as (

    select * from {{ ref('dim_funnels') }} where count_by = 'attempts'

),

chains as (

    select * from {{ ref('step_funnel_chains') }}

),

candidates as (

    select
        chains.funnel_id,
        chains.user_id,
        chains.thread_id,
        chains.step_1_rank,
        chains.step_1_at,
        {{ attempt_closed_at(
            'chains', 'funnels', 'voids.void_at' if funnels_ask('exclusions')
        ) }} as closed_at
    from chains
    inner join funnels on chains.funnel_id = funnels.funnel_id
    {%- if funnels_ask('exclusions') %}
    left join {{ ref('step_funnel_voids') }} as voids
        on chains.funnel_id = voids.funnel_id
        and chains.user_id = voids.user_id
        and chains.thread_id = voids.thread_id
        and chains.step_1_rank = voids.step_1_rank
    {%- endif %}

    union all

    -- What was open at the cut-off of an expiry, before all that opens after it.
    select
        archived.funnel_id,
        archived.user_id,
        archived.thread_id,
        0 as step_1_rank,
        max(archived.step_1_at) as step_1_at,
        max(archived.closed_at) as closed_at
    from (
        {{ archived_rows(
            'arc_funnel_openings', ['funnel_id', 'thread_id', 'step_1_at', 'closed_at']
        ) }}
    ) as archived
    {{ join_recomputed('funnel', 'archived', 'step_1_at') }}
    group by archived.funnel_id, archived.user_id, archived.thread_id

),

looks as (

    select
        candidates.*,
        false as is_look,
        step_1_at as occurred_at
    from candidates

    union all

    select
        candidates.*,
        true as is_look,
        closed_at as occurred_at
    from candidates

),

-- What opens strictly after the close. Openings of the very instant stand before a look.
linked as (

    select
        looks.*,
        first_value(case when not is_look then step_1_rank end ignore nulls) over (
            partition by funnel_id, user_id, thread_id
            order by occurred_at, is_look, step_1_rank
            rows between current row and unbounded following
        ) as next_rank
    from looks

),

links as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_1_rank,
        next_rank,
        step_1_at,
        max(closed_at) over (
            partition by funnel_id, user_id, thread_id
            order by step_1_rank
            rows between unbounded preceding and 1 preceding
        ) as earlier_closed_at
    from linked
    where is_look

),

-- What opens after all before it has closed does open; only the rest is followed.
opened as (

    select
        funnel_id,
        user_id,
        thread_id,
        step_1_rank,
        next_rank
    from links
    where earlier_closed_at is null or earlier_closed_at < step_1_at

    union all

    select
        links.funnel_id,
        links.user_id,
        links.thread_id,
        links.step_1_rank,
        links.next_rank
    from opened
    inner join links
        on opened.funnel_id = links.funnel_id
        and opened.user_id = links.user_id
        and opened.thread_id = links.thread_id
        and opened.next_rank = links.step_1_rank
    where links.earlier_closed_at >= links.step_1_at

)

select
    funnel_id,
    user_id,
    thread_id,
    step_1_rank
from opened
