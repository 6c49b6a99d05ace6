{# Time at which an attempt reached a step; `step` is an expression. #}
{% macro step_time(relation, step) -%}
    case {{ step }}
        {%- for number in range(1, var('funnel_max_steps') + 1) %}
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
