with

valued as (

    select
        served.*,
        funnels.row_number as funnel_number,
        funnels.breakdown_attribution
    from {{ ref('fct_funnel_served_events') }} as served
    inner join {{ ref('dim_funnels') }} as funnels on served.funnel_id = funnels.funnel_id
    {{ join_recomputed('funnel', 'served', 'occurred_at') }}

)

-- A thread is a stream in which attempts are looked for: the user's events; with a value
-- held constant, those that carry it; with breakdown `all`, those of one value beside all.
select
    valued.*,
    cast(null as {{ dbt.type_string() }}) as thread_breakdown_value,
    coalesce('constant ' || constant_value, '') as thread_id
from valued
{%- if funnels_ask('threads') %}

union all

select
    valued.*,
    breakdown_value as thread_breakdown_value,
    coalesce('constant ' || constant_value, '') || ' breakdown ' || breakdown_value as thread_id
from valued
where breakdown_attribution = 'all' and breakdown_value is not null
{%- endif %}
