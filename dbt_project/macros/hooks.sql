{# Deletes what an append-only table holds of loads that this build takes in (again, after a
   build that did not complete) or that have left the ledger. #}
{% macro delete_pending_loads() -%}
    {% if is_incremental() -%}
    delete from {{ this }}
    where
        load_id > {{ completed_load_id() }}
        or load_id not in (select load_id from {{ source('raw', 'ingest_files') }})
    {%- endif %}
{%- endmacro %}

{# Deletes from a list of touched keys what a complete build has already taken in. #}
{% macro delete_completed_loads() -%}
    {% if is_incremental() -%}
    delete from {{ this }} where load_id <= {{ completed_load_id() }}
    {%- endif %}
{%- endmacro %}

{# Notes, in the transaction that makes a model, that it stands: a build that breaks off goes on
   behind it. `BUILD_ATTEMPT` is set by the orchestrated build; a model that is built by hand is
   noted without, and nothing is resumed or published over it. It is not asked for while dbt parses:
   dbt would parse every model anew for each attempt. #}
{% macro note_built() -%}
    insert into raw.built_models (attempt_id, model_name)
    values ('{{ env_var('BUILD_ATTEMPT', '') if execute }}', '{{ model.unique_id }}')
{%- endmacro %}

{# The comments of a table and of all its columns in one statement. dbt's own takes four, of which
   two ask for the columns: a tenth of the time of a small model. A documented column that is not
   there is an error, as it is with a contract. #}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set statements -%}
        {%- if for_relation and config.persist_relation_docs() and model.description -%}
        {{ duckdb__alter_relation_comment(relation, model.description) }}
        {%- endif -%}
        {%- if for_columns and config.persist_column_docs() -%}
        {%- for column in model.columns.values() if column.description %}
        comment on column {{ relation }}.{{ adapter.quote(column.name) }}
        is {{ duckdb_escape_comment(column.description) }};
        {%- endfor -%}
        {%- endif -%}
    {%- endset -%}
    {%- if statements | trim -%}
        {#- Not `run_query`, which makes a table of what comes back. #}
        {%- call statement('comments') -%}{{ statements }}{%- endcall -%}
    {%- endif -%}
{%- endmacro %}
