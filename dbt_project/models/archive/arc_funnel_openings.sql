with

openings as (

    select
        attempts.funnel_id,
        attempts.user_id,
        attempts.thread_id,
        attempts.step_1_at,
        {{ attempt_closed_at('attempts', 'funnels', 'attempts.void_at') }} as closed_at
    from {{ ref('fct_funnel_opened_attempts') }} as attempts
    inner join {{ ref('dim_funnels') }} as funnels on attempts.funnel_id = funnels.funnel_id
    where
        funnels.count_by = 'attempts'
        and attempts.thread_id is not null
        and attempts.step_1_at < {{ cut('cutoff_at') }}

    union all

    {{ archived_before() }}

)

-- Of those of one thread, each opens when the one before has closed: the last in both.
select
    funnel_id,
    user_id,
    thread_id,
    max(step_1_at) as step_1_at,
    max(closed_at) as closed_at
from openings
where closed_at >= {{ cut('cutoff_at') }}
group by funnel_id, user_id, thread_id
