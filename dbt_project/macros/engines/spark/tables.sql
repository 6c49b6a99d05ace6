{# How tables are made on Spark, where dbt-spark has another way or none. #}

{# With a contract a table is made with its columns, their types and comments, and then filled: what
   a column cannot hold fails there, and no column has to be altered afterwards. #}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if language == 'python' -%}
        {{ compiled_code }}
    {%- elif config.get('contract').enforced -%}
        {%- call statement('create') -%}
        {{ spark_create_as_agreed(relation) }}
        {%- endcall -%}
        insert into {{ relation }} by name
        {{ compiled_code }}
    {%- else -%}
        create table {{ relation }}
        using parquet
        {{ comment_clause() }}
        as
        {{ compiled_code }}
    {%- endif -%}
{%- endmacro %}

{% macro spark_create_as_agreed(relation) -%}
    create table {{ relation }} (
        {%- for column in model.columns.values() %}
        {{ adapter.quote(column.name) }} {{ spark_type(column.data_type) }}
            comment {{ spark_comment(column.description) }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    using parquet
    {{ comment_clause() }}
{%- endmacro %}

{% macro spark__create_view_as(relation, sql) -%}
    create or replace view {{ relation }}
    {{ comment_clause() }}
    as
    {{ sql }}
{%- endmacro %}

{# A text of Spark holds no quotation mark of its own kind. #}
{% macro spark_comment(text) -%}
    "{{ text | replace('"', "'") | replace('\n', ' ') | trim }}"
{%- endmacro %}

{% macro spark__comment_clause() -%}
    {%- if config.persist_relation_docs() and model.description -%}
    comment {{ spark_comment(model.description) }}
    {%- endif -%}
{%- endmacro %}

{# Comments are made with the table. #}
{% macro spark__persist_docs(relation, model, for_relation, for_columns) -%}
{%- endmacro %}

{% macro spark_type(data_type) -%}
    {{ 'string' if data_type == 'varchar' else data_type }}
{%- endmacro %}

{# dbt-spark knows its own strategies alone, and gives none a body of a project. Tables of Parquet
   take no `delete`: a build on Spark is a whole one. #}
{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) -%}
    {{ return(raw_strategy) }}
{%- endmacro %}

{% macro dbt_spark_get_incremental_sql(strategy, source, target, existing, unique_key, incremental_predicates) -%}
    {%- do exceptions.raise_compiler_error(
        'On Spark a build is a whole one: run dbt with --full-refresh'
    ) -%}
{%- endmacro %}

{# What a later build would go on from. #}
{% macro spark__note_built() -%}
{%- endmacro %}

{% macro spark__note_rows() -%}
{%- endmacro %}
