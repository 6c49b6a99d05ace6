with

served_events as (

    select * from {{ ref('step_funnel_served_events') }}

),

archived as (

    {{ archived_rows('arc_funnel_user_values', [
        'funnel_id', 'source_id', 'event_id', 'breakdown_value', 'occurred_at',
    ]) }}

),

{% set columns = ['funnel_id', 'user_id', 'source_id', 'event_id', 'breakdown_value', 'occurred_at'] -%}
with_archived as (

    select served_events.{{ columns | join(', served_events.') }}
    from served_events
    {{ join_recomputed('funnel', 'served_events', 'occurred_at') }}

    union all

    select archived.{{ columns | join(', archived.') }}
    from archived
    where {{ is_recomputed('funnel', 'archived') }}

),

ranked as (

    select
        carried.funnel_id,
        carried.user_id,
        carried.breakdown_value,
        row_number() over (
            partition by carried.funnel_id, carried.user_id
            order by {{ user_value_order('carried', 'funnels') | indent(16) }}
        ) as value_rank
    from with_archived as carried
    inner join {{ ref('dim_funnels') }} as funnels
        on carried.funnel_id = funnels.funnel_id
        and funnels.breakdown is not null
        and funnels.breakdown_attribution in ('first', 'last')

)

select
    funnel_id,
    user_id,
    breakdown_value
from ranked
where value_rank = 1
