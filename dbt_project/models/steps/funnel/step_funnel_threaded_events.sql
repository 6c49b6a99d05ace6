with

served as (

    {{ served_funnel_events(
        ref('step_funnel_events'),
        ['user_number', 'event_rank', 'has_shared_instant'],
        of_scope=true
    ) | indent(4) }}

),

served_anew as (

    select served.*
    from served
    {{ join_recomputed('funnel', 'served', 'occurred_at') }}

)

-- A thread is a stream in which attempts are looked for: the user's events; with a value
-- held constant, those that carry it; with breakdown `all`, those of one value beside all.
select
    served_anew.*,
    cast(null as {{ dbt.type_string() }}) as thread_breakdown_value,
    coalesce('constant ' || constant_value, '') as thread_id
from served_anew
{%- if funnels_ask('threads') %}

union all

select
    served_anew.*,
    breakdown_value as thread_breakdown_value,
    coalesce('constant ' || constant_value, '') || ' breakdown ' || breakdown_value as thread_id
from served_anew
where breakdown_attribution = 'all' and breakdown_value is not null
{%- endif %}
