{# What begins a query that asks itself; of Spark 3.5 none does: its bodies below fold over arrays. #}
{% macro with_recursive() -%}
    {{ adapter.dispatch('with_recursive')() }}
{%- endmacro %}

{# Where long runs of activity are cut (a relation of their events: `user_id`, `run_started_at`,
   `occurred_at`): at the first event at or after the limit, and again from there. A query, the CTE
   `cuts`. #}
{% macro session_cuts(events) -%}
    {{ adapter.dispatch('session_cuts')(events) }}
{%- endmacro %}

{# What KPIs are asked by (`kpis`), and with them their drivers (`drivers`), theirs too. A query, the
   CTE `asked`. #}
{% macro asked_of_drivers() -%}
    {{ adapter.dispatch('asked_of_drivers')() }}
{%- endmacro %}
