{#- Counted over the key alone, before rows are typed and judged: what stands once needs no rank. -#}
-- depends_on: {{ ref('stg_events__touched_loads') }}
-- depends_on: {{ ref('stg_events__touched') }}
with

united as (

    select * from {{ ref('stg_events__united') }}

),

{% if all_ids_are_counted() -%}
keys as (

    select
        source_id,
        {{ event_key('united') }} as event_id
    from united

)
{%- else -%}
touched as (

    select distinct
        source_id,
        event_id
    from {{ ref('stg_events__touched') }}

),

keys as (

    select
        united.source_id,
        touched.event_id
    from united
    inner join {{ ref('stg_events__touched_loads') }} as touched_loads
        on united.load_id = touched_loads.load_id
    inner join touched
        on united.source_id = touched.source_id
        and {{ event_key('united') }} = touched.event_id

)
{%- endif %}

select
    source_id,
    event_id
from keys
group by source_id, event_id
having count(*) > 1
