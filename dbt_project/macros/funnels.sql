{# Time at which an attempt reached a step; `step` is an expression. #}
{% macro step_time(relation, step) -%}
    case {{ step }}
        {%- for number in range(1, funnel_step_count() + 1) %}
        when {{ number }} then {{ relation }}.step_{{ number }}_at
        {%- endfor %}
    end
{%- endmacro %}

{# Steps of the longest funnel, or of the longest that is searched in one way: what is written out
   step by step is written so often, and not for the 12 that a funnel may have (the search for
   walks took 1.4 s to plan, for no funnel at all). 2 at the least. #}
{% macro funnel_step_count(search=none) -%}
    {%- set funnels = ref('dim_funnels') -%}
    {%- if not execute or load_relation(funnels) is none -%}
        {{ return(var('funnel_max_steps')) }}
    {%- endif -%}
    {%- set query -%}
    select coalesce(max(step_count), 0) from {{ funnels }}
    {%- if search %} where search = '{{ search }}'{% endif %}
    {%- endset -%}
    {%- set longest = run_query(query).columns[0].values()[0] | int -%}
    {{ return([[longest, 2] | max, var('funnel_max_steps')] | min) }}
{%- endmacro %}

{# Whether a funnel asks for a part of the search: what none asks for is left out of the query,
   because DuckDB cannot know that it is empty, and would sort all attempts for it. Parts: the
   searches `links`, `walks` and `sets`; `attempts` (counted by them), `exclusions`, `threads`
   (a value held constant, or attempts for each value), `values`, `user_values` and `step_values`
   (of any property, and whose value a breakdown takes), `any_activity` (as a step), and
   `chosen_events` (by conditions, or the first ones). #}
{% macro funnels_ask(part) -%}
    {%- set funnels, steps, selectors = ref('dim_funnels'), ref('dim_funnel_steps'), ref('dim_selectors') -%}
    {%- if not execute or load_relation(funnels) is none or load_relation(selectors) is none -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set conditions = {
        'attempts': "count_by = 'attempts'",
        'exclusions': 'funnel_id in (select steps.funnel_id from ' ~ steps ~ ' as steps where steps.exclusion_number is not null)',
        'threads': "hold_constant is not null or (breakdown is not null and breakdown_attribution = 'all')",
        'values': 'hold_constant is not null or breakdown is not null',
        'any_activity': 'funnel_id in (select selectors.definition_id from ' ~ selectors
            ~ " as selectors where selectors.definition = 'funnel' and selectors.is_any_activity and not selectors.is_any_event)",
        'chosen_events': 'funnel_id in (select selectors.definition_id from ' ~ selectors
            ~ " as selectors where selectors.definition = 'funnel' and (selectors.has_conditions or selectors.first_time is not null))",
        'user_values': "breakdown is not null and breakdown_attribution in ('first', 'last')",
        'step_values': "breakdown is not null and breakdown_attribution like 'step_%'",
    } -%}
    {%- set query -%}
    select count(*) from {{ funnels }} where {{ conditions.get(part, "search = '" ~ part ~ "'") }}
    {%- endset -%}
    {{ return(run_query(query).columns[0].values()[0] > 0) }}
{%- endmacro %}

{# A left join of each row with the first row of another relation whose instant is later than
   one of its own; equal in all keys. Only keys and the instant of what is found can be used. #}
{% macro join_first_after(relation, others, keys, instant, other_instant) -%}
    {{ adapter.dispatch('join_first_after')(relation, others, keys, instant, other_instant) }}
{%- endmacro %}

{% macro default__join_first_after(relation, others, keys, instant, other_instant) -%}
    left join lateral (
        select min(later.{{ other_instant }}) as {{ other_instant }}
        from {{ others }} as later
        where
            {% for key in keys -%}
            {{ relation }}.{{ key }} = later.{{ key }} and
            {% endfor -%}
            {{ instant }} < later.{{ other_instant }}
    ) as {{ others }} on true
{%- endmacro %}

{# Sorted once each and merged: 5 times as fast as a window over both. DuckDB 1.5 finds something
   for a null too, so that stands behind all others. #}
{% macro duckdb__join_first_after(relation, others, keys, instant, other_instant) -%}
    asof left join {{ others }}
        on {% for key in keys -%}
        {{ relation }}.{{ key }} = {{ others }}.{{ key }}
        and {% endfor -%}
        coalesce({{ instant }}, cast('9999-12-31' as timestamp)) < {{ others }}.{{ other_instant }}
{%- endmacro %}

{# Attempts of an entrant in the order in which they count, as one number, whose least is sooner
   found than the first of a sort: not ignored, by required steps, by steps, not void, and then by
   their own number, which is in the order of their entries. #}
{% macro attempt_place(relation=none) -%}
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
