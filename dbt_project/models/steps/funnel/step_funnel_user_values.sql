with

step_events as (

    select * from {{ ref('step_funnel_named_step_events') }}
    where step_number is not null and thread_breakdown_value is null

),

archived as (

    {{ archived_rows('arc_funnel_user_values', [
        'funnel_id', 'source_id', 'event_id', 'breakdown_value', 'occurred_at',
    ]) }}

),

with_archived as (

    select
        funnel_id,
        user_id,
        source_id,
        event_id,
        breakdown_value,
        occurred_at
    from step_events

    union all

    select
        archived.funnel_id,
        archived.user_id,
        archived.source_id,
        archived.event_id,
        archived.breakdown_value,
        archived.occurred_at
    from archived
    where {{ is_recomputed('funnel', 'archived') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}
    where breakdown is not null and breakdown_attribution in ('first', 'last')

),

ranked as (

    select
        step_events.funnel_id,
        step_events.user_id,
        step_events.breakdown_value,
        row_number() over (
            partition by step_events.funnel_id, step_events.user_id
            order by {{ user_value_order('step_events', 'funnels') | indent(16) }}
        ) as value_rank
    from with_archived as step_events
    inner join funnels on step_events.funnel_id = funnels.funnel_id

)

select
    funnel_id,
    user_id,
    breakdown_value
from ranked
where value_rank = 1
