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
    {%- set keys = [arguments['unique_key']] if arguments['unique_key'] is string else arguments['unique_key'] -%}
    delete from {{ target }}
    where exists (
        select 1
        from {{ ref(config.get('meta')['touched']) }} as touched
        where
            {% for key in keys -%}
            touched.{{ key }} = {{ target }}.{{ key }}{{ ' and ' if not loop.last }}
            {%- endfor %}
            {%- for column, touched_from in config.get('meta').get('from', {}).items() %}
            and touched.{{ touched_from }} <= {{ target }}.{{ column }}
            {%- endfor %}
    );

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ arguments['temp_relation'] }}
{%- endmacro %}

{# The last load that a complete, green build has taken in; 0 before the first. #}
{% macro completed_load_id() -%}
    (select coalesce(max(load_id), 0) from {{ source('raw', 'build_watermarks') }})
{%- endmacro %}
