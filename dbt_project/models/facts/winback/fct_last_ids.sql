{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'activity_date': 'recompute_from_date'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

{# A loop, because each id has a column of its own. #}
{% for id in ['feature', 'content', 'campaign'] -%}
last_{{ id }}s as (

    select
        events.user_id,
        max_by(events.{{ id }}_id, {{ struct_of(['occurred_at', 'source_id', 'event_id']) }})
            as last_id,
        events.event_date as activity_date,
        max(events.occurred_at) as last_at
    from {{ ref('fct_events') }} as events
    {{ join_touched('events', 'event_date', 'recompute_from_date') }}
    where events.is_activity and events.{{ id }}_id is not null
    group by events.user_id, events.event_date

),

{% endfor -%}
archived as (

    select of_all.*
    from (
        {{ archived_rows('arc_last_ids', ['entity', 'last_id', 'activity_date', 'last_at']) | indent(8) }}
    ) as of_all
    {{ join_touched('of_all', 'activity_date', 'recompute_from_date') }}

)

{% for id in ['feature', 'content', 'campaign'] -%}
select
    user_id,
    '{{ id }}' as entity,
    last_id,
    activity_date,
    last_at
from last_{{ id }}s

union all

{% endfor -%}
-- Of a device and the person whose it turned out to be, the later.
select
    user_id,
    entity,
    max_by(last_id, {{ struct_of(['last_at', 'last_id']) }}) as last_id,
    activity_date,
    max(last_at) as last_at
from archived
group by user_id, entity, activity_date
