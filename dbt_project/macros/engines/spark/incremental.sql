{# How Spark adds to a table, in the place of what dbt-spark does: it knows its own strategies alone. #}

{# Files of Parquet take no `delete`: a table that is added to is written once more, the rows of it that
   stay and those that are new. Who read the one before it, reads on. #}
{% materialization incremental, adapter='spark' -%}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- if is_incremental() -%}
    {%- do spark_write_anew('added', spark_rows_that_stay(), compiled_code) -%}
    {%- else -%}
    {%- set standing = load_cached_relation(this) -%}
    {%- if standing is not none -%}{%- do adapter.drop_relation(standing) -%}{%- endif -%}
    {%- call statement('main') -%}
    {{ create_table_as(False, target, compiled_code) }}
    {%- endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}

{# `why`: of two such tables in one build the files of each have a folder. #}
{% macro spark_write_anew(why, stays, new_rows) -%}
    {%- set next = this.incorporate(path={'identifier': this.identifier ~ '__' ~ why}, type='table') -%}
    {%- call statement('next') -%}
    create table {{ next }} like {{ this }} using parquet {{ spark_location(next) }}
    {%- endcall -%}
    {%- if stays -%}
    {%- call statement('stays') -%}
    insert into {{ next }}
    select * from {{ this }}
    where {{ stays }}
    {%- endcall -%}
    {%- endif -%}
    {%- if new_rows -%}
    {%- call statement('main') -%}
    insert into {{ next }} by name
    {{ new_rows }}
    {%- endcall -%}
    {%- endif -%}
    {%- call statement('standing') -%}drop table {{ this }}{%- endcall -%}
    {%- call statement('rename') -%}alter table {{ next }} rename to {{ this }}{%- endcall -%}
{%- endmacro %}

{# What the strategies of macros/incremental.sql and macros/recomputed.sql do not delete; nothing of
   what is made anew. #}
{% macro spark_rows_that_stay() -%}
    {%- set strategy = config.get('incremental_strategy') -%}
    {%- set meta = config.get('meta', {}) -%}
    {%- if strategy == 'append' -%}
    true
    {%- elif strategy == 'replace_touched' -%}
    {{ spark_is_untouched(
        this, key_columns(config.get('unique_key')), ref(meta['touched']), meta.get('from', {})
    ) }}
    {%- elif strategy == 'replace_recomputed' -%}
    {%- set part = meta['recomputed'] -%}
    {{ spark_is_untouched(
        this, recomputed_keys(part['by']), '(' ~ recomputed(part['by']) ~ ')',
        {part['from']: 'from_at'} if part['from'] else {}, or_none=true
    ) }}
    {%- elif strategy != 'replace_all' -%}
    {%- do exceptions.raise_compiler_error(strategy ~ ' is no strategy of this project on Spark') -%}
    {%- endif -%}
{%- endmacro %}

{% macro spark__delete_standing(condition) -%}
    {%- do spark_write_anew('left', 'not (' ~ condition ~ ')', none) -%}
{%- endmacro %}
