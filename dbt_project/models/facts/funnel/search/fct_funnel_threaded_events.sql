with

events as (

    select * from {{ ref('fct_funnel_events') }}

),

selectors as (

    select * from {{ ref('dim_selectors') }} where definition = 'funnel'

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

steps as (

    select * from {{ ref('dim_funnel_steps') }}

),

plain_names as (

    select
        names.definition_id,
        names.side,
        names.event_name
    from {{ ref('dim_selector_names') }} as names
    inner join selectors
        on names.definition_id = selectors.definition_id
        and names.side = selectors.side
    where
        names.definition = 'funnel'
        and not selectors.has_conditions
        and selectors.first_time is null

),

-- A side that asks for nothing but a name is read from the events as they are.
serving as (

    select
        plain_names.definition_id as funnel_id,
        plain_names.side,
        events.*
    from events
    inner join plain_names on events.event_name = plain_names.event_name
    {%- if funnels_ask('chosen_events') %}

    union all

    select
        chosen.definition_id as funnel_id,
        chosen.side,
        events.*
    from events
    inner join {{ ref('fct_definition_chosen_events') }} as chosen
        on events.source_id = chosen.source_id
        and events.event_id = chosen.event_id
    where chosen.definition = 'funnel'
    {%- endif %}
    {%- if funnels_ask('any_activity') %}

    union all

    select
        selectors.definition_id as funnel_id,
        selectors.side,
        events.*
    from events
    cross join selectors
    where
        events.is_activity
        and selectors.is_any_activity
        and not selectors.has_conditions
        and not selectors.is_any_event
        and selectors.first_time is null
    {%- endif %}

),

valued as (

    select
        serving.funnel_id,
        serving.user_number,
        serving.user_id,
        serving.source_id,
        serving.event_id,
        steps.step_number,
        steps.exclusion_number,
        {% if funnels_ask('values') -%}
        breakdowns.property_value as breakdown_value,
        constants.property_value as constant_value,
        {%- else -%}
        cast(null as {{ dbt.type_string() }}) as breakdown_value,
        cast(null as {{ dbt.type_string() }}) as constant_value,
        {%- endif %}
        serving.event_rank,
        serving.has_shared_instant,
        serving.occurred_at,
        funnels.row_number as funnel_number,
        funnels.breakdown_attribution
    from serving
    inner join funnels on serving.funnel_id = funnels.funnel_id
    inner join steps
        on serving.funnel_id = steps.funnel_id
        and serving.side = steps.side
    {{ join_recomputed('funnel', 'serving', 'occurred_at') }}
    {%- if funnels_ask('values') %}
    left join {{ ref('fct_definition_values') }} as breakdowns
        on serving.funnel_id = breakdowns.definition_id
        and serving.source_id = breakdowns.source_id
        and serving.event_id = breakdowns.event_id
        and breakdowns.definition = 'funnel'
        and breakdowns.purpose = 'breakdown'
    left join {{ ref('fct_definition_values') }} as constants
        on serving.funnel_id = constants.definition_id
        and serving.source_id = constants.source_id
        and serving.event_id = constants.event_id
        and constants.definition = 'funnel'
        and constants.purpose = 'hold_constant'
    where funnels.hold_constant is null or not {{ is_missing_value('constants.property_value') }}
    {%- endif %}

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
