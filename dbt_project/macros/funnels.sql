{# Time at which an attempt reached a step; `step` is an expression, of `last_step` at the most. #}
{% macro step_time(relation, step, last_step=var('funnel_max_steps')) -%}
    case {{ step }}
        {%- for number in range(last_step, 0, -1) %}
        when {{ number }} then {{ relation }}.step_{{ number }}_at
        {%- endfor %}
    end
{%- endmacro %}

{# The numbers of the steps that some funnel has, of two at least. #}
{% macro funnel_steps() -%}
    {{ return(range(1, asked('funnel_steps', var('funnel_max_steps')) + 1)) }}
{%- endmacro %}

{# What a relation has of a step, in a column each from a first one on: `<column>_<step>`; `step` is
   an expression. #}
{% macro of_step(column, step, first_step=1) -%}
    case {{ step }}
        {%- for number in funnel_steps()[first_step - 1:] %}
        when {{ number }} then {{ column }}_{{ number }}
        {%- endfor %}
    end
{%- endmacro %}

{# Mean, median and 90th percentile of times, as columns with that suffix. #}
{% macro step_seconds(microseconds, suffix='') -%}
sum({{ microseconds }}) / (1000000.0 * count({{ microseconds }})) as mean_seconds{{ suffix }},
{%- for name, share in {'median': '0.5', 'p90': '0.9'}.items() %}
percentile_cont({{ share }}) within group (order by {{ microseconds }}) / 1000000.0
    as {{ name }}_seconds{{ suffix }},
{%- endfor %}
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
