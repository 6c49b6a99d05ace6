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
        {{ spark_location(relation) }}
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
    {{ spark_location(relation) }}
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

{# Each build has a folder for the tables that it makes; by hand they lie where the catalog has its own.
   Without `file:` it would be one of the cluster's own file system. #}
{% macro spark_location(relation) -%}
    {%- set tables = env_var('BUILD_TABLES', '') if execute -%}
    {%- if tables -%}
    location 'file:{{ tables }}/{{ relation.schema }}/{{ relation.identifier }}'
    {%- endif -%}
{%- endmacro %}

{# A build on Spark stands when it is whole, and knows its files: `engines/building.py`. #}
{% macro spark__note_built() -%}
{%- endmacro %}

{% macro spark__note_rows() -%}
{%- endmacro %}

{% macro spark__refuse_other_rows() -%}
{%- endmacro %}
