{# Time at which an attempt reached a step; `step` is an expression. #}
{% macro step_time(relation, step) -%}
    case {{ step }}
        {%- for number in range(1, funnel_step_count() + 1) %}
        when {{ number }} then {{ relation }}.step_{{ number }}_at
        {%- endfor %}
    end
{%- endmacro %}

{# When an attempt closes: it completes, is void, or its window ends, whichever comes first. #}
{% macro attempt_closed_at(attempts, funnels, void_at=none) -%}
    least(
        {{ attempts }}.closes_at,
        coalesce({{ step_time(attempts, funnels ~ '.step_count') }}, {{ attempts }}.closes_at)
        {%- if void_at %},
        coalesce({{ void_at }}, {{ attempts }}.closes_at)
        {%- endif %}
    )
{%- endmacro %}

{# Events of a user in the order in which a breakdown takes the first or the last value: a missing
   one stands behind all others, whichever end is asked for. #}
{% macro user_value_order(events, funnels) -%}
    {{ is_missing_value(events ~ '.breakdown_value') }},
    {% for column in ['occurred_at', 'source_id', 'event_id'] -%}
    case when {{ funnels }}.breakdown_attribution = 'first' then {{ events }}.{{ column }} end,
    {% endfor -%}
    {{ event_order(events, last_first=true) }}
{%- endmacro %}

{# What a build is told that the definitions ask for (`BUILD_ASKED`, from orchestration/transform/
   transforming.py); without it, as by hand, everything that they may. It is not asked for while dbt
   parses: dbt would parse every model anew for other definitions. #}
{% macro asked_of_the_build(what, all) -%}
    {%- set told = env_var('BUILD_ASKED', '') if execute else '' -%}
    {{ return(fromjson(told)[what] if told else all) }}
{%- endmacro %}

{# Steps of the longest funnel, or of the longest that is searched in one way: what is written out
   step by step is written so often, and not for the 12 that a funnel may have (the search for
   walks took 1.4 s to plan, for no funnel at all). 2 at the least. #}
{% macro funnel_step_count(search=none) -%}
    {%- set most = var('funnel_max_steps') -%}
    {%- set counts = asked_of_the_build('funnel_steps', {'links': most, 'walks': most, 'sets': most}) -%}
    {{ return([2, counts.get(search, 0) if search else counts.values() | max | default(0, true)] | max) }}
{%- endmacro %}

{# Whether a funnel asks for a part of the search: what none asks for is left out of the query,
   because DuckDB cannot know that it is empty, and would sort all attempts for it. Parts: the
   searches `links`, `walks` and `sets`; `attempts` (counted by them), `exclusions`, `threads`
   (a value held constant, or attempts for each value), `values`, `user_values` and `step_values`
   (of any property, and whose value a breakdown takes), `any_activity` (as a step), and
   `chosen_events` (by conditions, or the first ones). #}
{% macro funnels_ask(part) -%}
    {{ return(part in asked_of_the_build('funnel_parts', [part])) }}
{%- endmacro %}

{# A left join of each row with the first row of another relation whose instant is later than
   one of its own; equal in all keys. Only keys and the instant of what is found can be used. #}
{% macro join_first_after(relation, others, keys, instant, other_instant) -%}
    {{ adapter.dispatch('join_first_after')(relation, others, keys, instant, other_instant) }}
{%- endmacro %}

{# Rows of entries, once for each grain, with the period that they lie in. A loop, because the grains
   differ only in how a day becomes a period. #}
{% macro in_entry_periods(entries) -%}
    {% for grain, period in {
        'all': 'cast(null as date)',
        'day': entries ~ '.entry_date',
        'week': week_start(entries ~ '.entry_date'),
        'month': month_start(entries ~ '.entry_date'),
    }.items() -%}
    select
        {{ entries }}.*,
        '{{ grain }}' as grain,
        {{ period }} as period_start_date
    from {{ entries }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{# Attempts of an entrant in the order in which they count, as one number, whose least is sooner
   found than the first of a sort: not ignored, by required steps, by steps, not void, and then by
   their own number, which is in the order of their entries. #}
{% macro attempt_counting_order(relation=none) -%}
    {%- set of = relation ~ '.' if relation else '' -%}
    (
        (
            (
                case when {{ of }}is_ignored then 100 else 0 end
                + 99 - {{ of }}required_step_count
            ) * 100
            + 99 - {{ of }}step_count
        ) * 2
        + case when {{ of }}is_void then 1 else 0 end
    ) * 4294967296 + {{ of }}attempt_number
{%- endmacro %}

{# The events of a relation that serve a side of a funnel, with the values that they carry; where a
   value is held constant, those that carry one. `columns` of the relation are passed on. #}
{% macro served_funnel_events(events, columns=[], of_scope=false) -%}
    {%- set passed = ['user_id', 'source_id', 'event_id', 'occurred_at'] + columns -%}
    select
        {% for column in passed -%}
        serving.{{ column }},
        {% endfor -%}
        serving.funnel_id,
        funnels.row_number as funnel_number,
        funnels.breakdown_attribution,
        steps.step_number,
        steps.exclusion_number,
        {% if funnels_ask('values') -%}
        breakdowns.property_value as breakdown_value,
        constants.property_value as constant_value
        {%- else -%}
        cast(null as {{ dbt.type_string() }}) as breakdown_value,
        cast(null as {{ dbt.type_string() }}) as constant_value
        {%- endif %}
    from (
        -- A side that asks for nothing but a name is read from the events as they are.
        select
            events.{{ passed | join(', events.') }},
            names.definition_id as funnel_id,
            names.side
        from {{ events }} as events
        inner join {{ ref('dim_selector_names') }} as names
            on events.event_name = names.event_name
        inner join {{ ref('dim_selectors') }} as selectors
            on names.definition = selectors.definition
            and names.definition_id = selectors.definition_id
            and names.side = selectors.side
        where
            names.definition = 'funnel'
            and not selectors.has_conditions
            and selectors.first_time is null
            {%- if of_scope %}
            and {{ is_of_scope('selectors') }}
            {%- endif %}
        {%- if funnels_ask('chosen_events') %}

        union all

        select
            events.{{ passed | join(', events.') }},
            chosen.definition_id as funnel_id,
            chosen.side
        from {{ events }} as events
        inner join {{ ref('fct_definition_chosen_events') }} as chosen
            on events.source_id = chosen.source_id
            and events.event_id = chosen.event_id
        where chosen.definition = 'funnel'{{ ' and ' ~ is_of_scope('chosen') if of_scope }}
        {%- endif %}
        {%- if funnels_ask('any_activity') %}

        union all

        select
            events.{{ passed | join(', events.') }},
            selectors.definition_id as funnel_id,
            selectors.side
        from {{ events }} as events
        cross join {{ ref('dim_selectors') }} as selectors
        where
            events.is_activity
            and selectors.definition = 'funnel'
            and selectors.is_any_activity
            and not selectors.has_conditions
            and not selectors.is_any_event
            and selectors.first_time is null
            {%- if of_scope %}
            and {{ is_of_scope('selectors') }}
            {%- endif %}
        {%- endif %}
    ) as serving
    inner join {{ ref('dim_funnels') }} as funnels on serving.funnel_id = funnels.funnel_id
    inner join {{ ref('dim_funnel_steps') }} as steps
        on serving.funnel_id = steps.funnel_id
        and serving.side = steps.side
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
{%- endmacro %}
