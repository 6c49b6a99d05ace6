with

served_events as (

    select * from {{ ref('fct_funnel_served_events') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

{% set columns = ['funnel_id', 'user_id', 'source_id', 'event_id', 'breakdown_value',
    'occurred_at'] -%}
carried as (

    select {{ columns | join(', ') }}
    from served_events
    where step_number is not null and occurred_at < {{ cut('cutoff_at') }}

    union all

    select {{ columns | join(', ') }}
    from {{ archived('arc_funnel_user_values') }} as archived

),

ranked as (

    select
        carried.*,
        row_number() over (
            partition by carried.funnel_id, carried.user_id
            order by {{ user_value_order('carried', 'funnels') | indent(16) }}
        ) as value_rank
    from carried
    inner join funnels on carried.funnel_id = funnels.funnel_id
    where funnels.breakdown is not null and funnels.breakdown_attribution in ('first', 'last')

)

select {{ columns | join(', ') }}
from ranked
where value_rank = 1
