{# Deletes what an append-only table holds of loads that this build takes in (again, after a
   build that did not complete) or that have left the ledger. #}
{% macro delete_pending_loads() -%}
    {% if is_incremental() -%}
    {{ delete_standing(
        'load_id > ' ~ completed_load_id()
        ~ ' or load_id not in (select load_id from ' ~ source('raw', 'ingest_files') ~ ')'
    ) }}
    {%- endif %}
{%- endmacro %}

{# Deletes from a list of touched keys what a complete build has already taken in. #}
{% macro delete_completed_loads() -%}
    {% if is_incremental() -%}
    {{ delete_standing('load_id <= ' ~ completed_load_id()) }}
    {%- endif %}
{%- endmacro %}

{# The same of what was to be computed anew: a definition may change and no load come. #}
{% macro delete_completed_causes() -%}
    {% if is_incremental() -%}
    {{ delete_standing('completed_before_at < ' ~ last_completed_at()) }}
    {%- endif %}
{%- endmacro %}

{# Rows of this table that a build takes away before it adds others. #}
{% macro delete_standing(condition) -%}
    {{ adapter.dispatch('delete_standing')(condition) }}
{%- endmacro %}

{# Notes that a model stands, in the transaction that makes it: a build that breaks off goes on behind
   it. #}
{% macro note_built() -%}
    {{ adapter.dispatch('note_built')() }}
{%- endmacro %}
