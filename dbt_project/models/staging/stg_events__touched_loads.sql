{#- A rebuild reads all loads. What stands is read without `ref`, as in stg_events__touched: it is the tables' own past. A
    build that broke off may have moved a copy from one to the other; so both are asked. -#}
{%- set standing = [] -%}
{%- for name in ['stg_events', 'stg_events__duplicates'] -%}
{%- set relation = adapter.get_relation(this.database, this.schema, name) -%}
{%- if relation is not none and not flags.FULL_REFRESH %}{% do standing.append(relation) %}{% endif -%}
{%- endfor -%}
with

touched as (

    select
        source_id,
        event_id,
        source_load_id
    from {{ ref('stg_events__touched') }}

),

touched_ids as (

    select distinct
        source_id,
        event_id
    from touched

),

loads as (

    select source_load_id as load_id
    from touched
    where source_load_id is not null
    {%- for relation in standing %}

    union

    select copies.load_id
    from {{ relation }} as copies
    inner join touched_ids
        on copies.source_id = touched_ids.source_id
        and {{ given_event_id('copies') }} = touched_ids.event_id
    {%- endfor %}

)

select distinct load_id from loads
