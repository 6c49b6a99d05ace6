{# What is incremental here is exact because it is recomputed by key: a `touched` model
   lists the keys whose rows may differ since the last complete build, the model computes
   those keys anew, and this strategy puts them in the place of the old ones. A key
   that has no rows any more is deleted with the rest. The model's config names both:
       incremental_strategy='replace_touched', unique_key=[...], meta={'touched': '<model>'}
   What a key has from an instant or a day on, and nothing before it, is replaced with
       meta={..., 'from': {'<column>': '<column of the touched model>'}} #}
{% macro get_incremental_replace_touched_sql(arguments) -%}
    {%- set target = arguments['target_relation'] -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    {%- set keys = key_columns(arguments['unique_key']) -%}
    {{ delete_touched(target, keys, ref(config.get('meta')['touched']), config.get('meta').get('from', {})) }}

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ arguments['temp_relation'] }}
{%- endmacro %}

{# The columns of a `unique_key`, which may be one by itself. #}
{% macro key_columns(unique_key) -%}
    {{ return([unique_key] if unique_key is string else unique_key) }}
{%- endmacro %}

{# Deletes the rows of a table that a touched model names, from an instant on where `from` says
   so: column by column of the touched model. A join, because DuckDB takes a comparison inside of
   `exists` apart: it looks at the distinct keys and instants of the whole table first, 130 times the
   work of one new day. #}
{% macro delete_touched(target, keys, touched, from) -%}
    delete from {{ target }}
    using (
        select distinct {{ (keys + from.values() | list) | join(', ') }}
        from {{ touched }}
    ) as touched
    where {{ is_touched(target, keys, from) }};
{%- endmacro %}

{% macro is_touched(target, keys, from) -%}
    {% for key in keys -%}
    touched.{{ key }} = {{ target }}.{{ key }}{{ ' and ' if not loop.last }}
    {%- endfor %}
    {%- for column, touched_from in from.items() %}
    and touched.{{ touched_from }} <= {{ target }}.{{ column }}
    {%- endfor %}
{%- endmacro %}

{# In a model that replaces rows of the users that `int_users_touched` lists (`touched_users`): those
   of a relation from the instant, or the day, on from which a user is computed anew. A first build
   computes everything, and joins nothing. #}
{% macro join_touched(relation, instant, from='recompute_from_at') -%}
    {%- if is_incremental() -%}
    inner join touched_users
        on {{ relation }}.user_id = touched_users.user_id
        and {{ relation }}.{{ instant }} >= touched_users.{{ from }}
    {%- endif -%}
{%- endmacro %}

{# A table's rows for a test of its key to look at. In a build that adds to what stands: those that
   share their key with a row that the build wrote. All others are as the last build tested them,
   which `refuse_other_rows` has made sure of. Else all rows: in a rebuild, by hand, of other tables. #}
{% macro rows_to_test(relation, columns) -%}
    {%- set nodes = graph.nodes if execute and model.get('attached_node') else {} -%}
    {%- set tested = nodes[model.attached_node] if nodes else {} -%}
    {%- set meta = tested.get('config', {}).get('meta', {}) -%}
    {%- set part = meta.get('recomputed') -%}
    {%- set listed = 'int_scope' if part else meta.get('touched') -%}
    {%- if not listed or flags.FULL_REFRESH or not env_var('BUILD_ATTEMPT', '') -%}
    {{ relation }}
    {%- else -%}
    {#- Not by `ref`, which would make the test one of a list. -#}
    {%- set node = nodes['model.' ~ tested.package_name ~ '.' ~ listed] -%}
    {%- set touched = api.Relation.create(node.database, node.schema, node.alias) -%}
    {%- set keys = recomputed_keys(part['by']) if part else key_columns(tested.config.unique_key) -%}
    {%- set instant = part['from'] if part -%}
    {%- set from = {instant: 'from_at'} if instant else meta.get('from', {}) -%}
    {%- set is_shared = (keys + from.keys() | list) | reject('in', columns) | list -%}
    {%- set selected = 'tested.' ~ columns | join(', tested.') if is_shared else 'tested.*' -%}
    {%- set written -%}
        select {{ selected }}
        from {{ relation }} as tested
        inner join (
            select distinct {{ (keys + from.values() | list) | join(', ') }}
            from {{ '(' ~ recomputed(part['by'], touched) ~ ') as recomputed' if part else touched }}
        ) as touched
            on {{ is_touched('tested', keys, from) }}
        {%- if instant %}
        {#- By itself, as where they are deleted. #}
        union all
        select {{ selected }}
        from {{ relation }} as tested
        where tested.{{ instant }} is null and {{ is_recomputed(part['by'], 'tested', touched) }}
        {%- endif %}
    {%- endset -%}
    (
        {%- if is_shared %}
        select of_all.*
        from {{ relation }} as of_all
        where ({{ columns | join(', ') }}) in (
            {{ written }}
        )
        {%- else %}
        {{ written }}
        {%- endif %}
    ) as tested
    {%- endif -%}
{%- endmacro %}

{# The key of a table of which a build tests a part; none of others. #}
{% macro key_to_note() -%}
    {%- set found = [] -%}
    {%- if execute and config.get('incremental_strategy') in ('replace_touched', 'replace_recomputed') -%}
    {# By their names at first: dbt makes a dictionary of each node that is asked for. #}
    {%- set named = 'test.' ~ model.package_name ~ '.one_row_per_' ~ model.name ~ '_' -%}
    {%- for name in graph.nodes.keys() if name.startswith(named)
        and graph.nodes[name].attached_node == model.unique_id -%}
    {%- do found.extend(graph.nodes[name].test_metadata.kwargs.columns) -%}
    {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{# Has such a table other keys than when the last build had made it? A build looks at those
   that it writes alone, so what anybody else wrote it would not see. Whoever restates days says
   that something is damaged: that build mends what it was asked for. #}
{% macro refuse_other_rows() -%}
    {{ adapter.dispatch('refuse_other_rows')() }}
{%- endmacro %}

{% macro note_rows() -%}
    {{ adapter.dispatch('note_rows')() }}
{%- endmacro %}

{# Of all rows, in whatever order: a number that is another one when a row comes, goes or changes. #}
{% macro checksum(columns) -%}
    coalesce(cast(sum(hash({{ columns | join(', ') }})) as varchar), '0')
{%- endmacro %}

{# Every row anew, of a table that is made for one build and yet asks, as dbt tells incremental models
   alone, whether there was a build before it. #}
{% macro get_incremental_replace_all_sql(arguments) -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    delete from {{ arguments['target_relation'] }};

    insert into {{ arguments['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arguments['temp_relation'] }}
{%- endmacro %}

{# A table as it stands before this build has made it. Not a `ref`, because that one is made of what
   asks, and the two would be a circle. Asked where `is_incremental()` alone: dbt's own word for
   that there was a build before. #}
{% macro rows_before(schema, name) -%}
    {{ api.Relation.create(this.database, schema, name) }}
{%- endmacro %}

{# A table that is added to and is missing, while a complete build stands, would be made of what came
   since alone. `make build` makes everything anew then; dbt by hand has to be told. #}
{% macro refuse_a_part() -%}
    {%- if config.get('materialized') == 'incremental' and not flags.FULL_REFRESH
        and not is_incremental() -%}
    select {{ raise_error(
        "'" ~ this.schema ~ '.' ~ this.name ~ " is missing: run `make build`, or dbt with --full-refresh.'"
    ) }}
    from {{ rows_before('raw', 'build_watermarks') }}
    where configuration_hash <> ''
    {%- endif -%}
{%- endmacro %}

{# An error of the query, with a message. #}
{% macro raise_error(message) -%}
    {{ adapter.dispatch('raise_error')(message) }}
{%- endmacro %}

{# The last load that a complete, green build has taken in; 0 before the first. #}
{% macro completed_load_id() -%}
    (select coalesce(max(load_id), 0) from {{ source('raw', 'build_watermarks') }})
{%- endmacro %}

{# When the last complete, green build was completed; before all of them, before the first. #}
{% macro last_completed_at() -%}
    (select coalesce(max(completed_at), {{ beginning() }}) from {{ rows_before('raw', 'build_watermarks') }})
{%- endmacro %}
