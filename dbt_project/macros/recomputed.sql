{# Facts that hang on definitions are computed by user: anew for everybody when a definition is
   another one (the build drops their tables then), else for the users in
   `int_users_recomputed`, whose rows take the place of the old ones. The config of such a model
   is `incremental_strategy='replace_recomputed'`; it and the ephemeral models that it is made
   of read the rows of those users alone:
       where {{ is_recomputed('events.user_id') }} #}
{% macro is_recomputed(user_id) -%}
    {%- set users = ref('int_users_recomputed') -%}
    {%- if recomputes_everybody() -%}
        1 = 1
    {%- else -%}
        {{ user_id }} in (select recomputed.user_id from {{ users }} as recomputed)
    {%- endif -%}
{%- endmacro %}

{# Whether one of those tables that this run makes is not there: then none of them is, or those
   that are have been made by it. #}
{% macro recomputes_everybody() -%}
    {%- if not execute or flags.FULL_REFRESH -%}
        {{ return(true) }}
    {%- endif -%}
    {%- for unique_id in selected_resources if unique_id in graph.nodes -%}
        {%- set node = graph.nodes[unique_id] -%}
        {%- if node.config.get('incremental_strategy') == 'replace_recomputed'
            and adapter.get_relation(this.database, node.schema, node.alias) is none -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}

{% macro get_incremental_replace_recomputed_sql(arguments) -%}
    {%- if recomputes_everybody() -%}
        {{ exceptions.raise_compiler_error(
            'Some tables that are computed by user are missing: run `make build`, or dbt with --full-refresh.'
        ) }}
    {%- endif -%}
    {%- set target = arguments['target_relation'] -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    delete from {{ target }}
    where user_id in (select recomputed.user_id from {{ ref('int_users_recomputed') }} as recomputed);

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ arguments['temp_relation'] }}
{%- endmacro %}
