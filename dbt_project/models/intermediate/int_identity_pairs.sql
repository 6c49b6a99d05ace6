{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['anonymous_id'],
    meta={'touched': 'stg_events__touched'},
) }}
{#- Named by its text, because a CTE of all events that is read twice is kept as a whole. -#}
{%- set events -%}
select
    event_id,
    user_id,
    anonymous_id,
    occurred_at
from {{ ref('stg_events') }}
where
    user_id is not null
    and anonymous_id is not null
    {% if horizon() -%}
    and occurred_at <= {{ horizon() }}
    {%- endif %}
    {%- if is_incremental() %}
    and anonymous_id in (select anonymous_id from touched where anonymous_id is not null)
    {%- endif %}

union all

select
    first_event_id as event_id,
    user_id,
    anonymous_id,
    first_seen_at as occurred_at
from {{ archived('arc_identity_pairs') }} as archived
{% if is_incremental() -%}
where anonymous_id in (select anonymous_id from touched where anonymous_id is not null)
{%- endif %}
{%- endset -%}
with

touched as (

    select distinct anonymous_id from {{ ref('stg_events__touched') }}

),

first_instants as (

    select
        anonymous_id,
        user_id,
        min(occurred_at) as first_seen_at
    from (
        {{ events | indent(8) }}
    ) as events
    group by anonymous_id, user_id

),

pairs as (

    select
        events.anonymous_id,
        events.user_id,
        min(events.event_id) as first_event_id,
        first_instants.first_seen_at
    from (
        {{ events | indent(8) }}
    ) as events
    inner join first_instants
        on events.anonymous_id = first_instants.anonymous_id
        and events.user_id = first_instants.user_id
        and events.occurred_at = first_instants.first_seen_at
    group by events.anonymous_id, events.user_id, first_instants.first_seen_at

),

ranked as (

    select
        pairs.*,
        row_number() over (
            partition by anonymous_id
            order by first_seen_at, first_event_id, user_id
        ) as owner_rank,
        count(*) over (partition by anonymous_id) as user_count
    from pairs

)

-- Without the rows of an erased person a device that they shared may look like another's own.
select
    ranked.anonymous_id,
    ranked.user_id,
    ranked.first_event_id,
    ranked.owner_rank = 1
    and ranked.user_count <= {{ var('shared_device_max_users') }}
    and unjoined.anonymous_id is null as is_owner,
    ranked.first_seen_at
from ranked
left join {{ ref('stg_unjoined_anonymous_ids') }} as unjoined
    on ranked.anonymous_id = unjoined.anonymous_id
