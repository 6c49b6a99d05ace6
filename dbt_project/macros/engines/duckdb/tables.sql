{# How DuckDB makes tables and views: in the place of what dbt and its adapter do by themselves. #}

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

{# dbt's own make what comes beside what stands, rename both and drop the one: three statements for
   one, and in a small table a sixth of its time. In a transaction nobody sees what stood go before
   what comes is there. What is made so does not read itself. A model in Python writes in a
   transaction of its own: beside what stands, then. #}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set is_python = model.language == 'python' -%}
    {%- set made = make_intermediate_relation(target) if is_python else target -%}
    {%- if is_python -%}
    {{ drop_relation_if_exists(load_cached_relation(made)) }}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if not is_python -%}{%- do drop_what_stands() -%}{%- endif -%}
    {%- call statement('main', language=model.language) -%}
    {{ create_table_as(False, made, compiled_code, model.language) }}
    {%- endcall -%}
    {%- if is_python -%}
    {%- do drop_what_stands() -%}
    {%- call statement('rename') -%}
    alter table {{ made }} rename to {{ adapter.quote(target.identifier) }}
    {%- endcall -%}
    {%- endif -%}
    {{ complete_in_its_place(target) }}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}

{% materialization view, adapter='duckdb' -%}
    {%- set target = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- do drop_what_stands() -%}
    {%- call statement('main') -%}{{ create_view_as(target, compiled_code) }}{%- endcall -%}
    {{ complete_in_its_place(target) }}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}

{% macro drop_what_stands() -%}
    {%- set standing = load_cached_relation(this) -%}
    {%- if standing is not none %}
    {%- call statement('standing') -%}drop {{ standing.type }} if exists {{ this }}{%- endcall -%}
    {%- endif %}
{%- endmacro %}

{% macro complete_in_its_place(target) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
{%- endmacro %}

{# Does a model give the columns of its contract? dbt's own asks for those of the contract as well, in a
   query, and for each column in macros: a tenth of a small table. It says what differs. #}
{% macro duckdb__get_assert_columns_equivalent(sql) -%}
    {%- set given, wanted = {}, {} -%}
    {%- for column in get_column_schema_from_query(sql, config.get('sql_header', none)) -%}
    {%- do given.update({column.name: column.dtype | lower}) -%}
    {%- endfor -%}
    {%- for column in model.columns.values() -%}
    {%- do wanted.update({column.name: (column.data_type or '') | replace(' ', '') | lower}) -%}
    {%- endfor -%}
    {%- if given != wanted -%}
    {{ assert_columns_equivalent(sql) }}
    {%- endif -%}
{%- endmacro %}

{# No table has a key, a foreign key or an index that the engine keeps: dbt's own ask the catalog for
   them up to four times a table, a fifth of its statements. #}
{% macro has_foreign_key_constraints(relation=none) -%}{{ return(false) }}{%- endmacro %}

{% macro may_be_foreign_key_target(relation=none) -%}{{ return(false) }}{%- endmacro %}

{% macro drop_indexes_on_relation(relation) -%}{%- endmacro %}
