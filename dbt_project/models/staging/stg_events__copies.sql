{#- Rows that share an id are copies of one event where they name one actor, one event and one
    instant; else they are other events, which are kept apart. Who a copy without a user is, its
    device says: of the users that the id, the event, the instant and the device were seen with,
    the smallest. -#}
{%- set arrival -%}
order by received_at asc nulls last, content_hash, source_file, row_number
{%- endset -%}
-- depends_on: {{ ref('stg_events__touched_loads') }}
with

repeated as (

    select
        source_id,
        event_id
    from {{ ref('stg_events__repeated') }}

),

candidates as (

    select united.*
    from {{ ref('stg_events__united') }} as united
    inner join repeated
        on united.source_id = repeated.source_id
        and {{ event_key('united') }} = repeated.event_id
    {% if not all_ids_are_counted() -%}
    inner join {{ ref('stg_events__touched_loads') }} as touched_loads
        on united.load_id = touched_loads.load_id
    {%- endif %}

),

typed as (

    select
        source_id,
        event_id,
        event_name,
        coalesce(
            user_id,
            min(user_id) over (
                partition by source_id, event_id, event_name, occurred_at, anonymous_id
            ),
            {{ anonymous_user_id('anonymous_id') }}
        ) as actor_id,
        content_hash,
        source_file,
        row_number,
        load_id,
        occurred_at,
        received_at
    from (
        {{ typed_events('candidates') | indent(8) }}
    ) as judged
    where reason is null

),

told_apart as (

    select
        typed.*,
        md5(
            event_name || chr(30) || actor_id || chr(30)
            || cast(occurred_at as {{ dbt.type_string() }})
        ) as content_key,
        row_number() over (partition by source_id, event_id {{ arrival }}) as id_rank
    from typed

),

ranked as (

    select
        told_apart.*,
        row_number() over (
            partition by source_id, event_id, content_key {{ arrival }}
        ) as arrival_rank,
        first_value(source_file) over (
            partition by source_id, event_id, content_key {{ arrival }}
        ) as staged_source_file,
        first_value(row_number) over (
            partition by source_id, event_id, content_key {{ arrival }}
        ) as staged_row_number,
        min(id_rank) over (partition by source_id, event_id, content_key) as first_id_rank,
        min(content_key) over (partition by source_id, event_id) as first_content_key,
        max(content_key) over (partition by source_id, event_id) as last_content_key
    from told_apart

)

select
    source_id,
    case
        when first_id_rank = 1 then event_id
        else event_id || '~' || substring(content_key, 1, 12)
    end as event_id,
    case when first_content_key <> last_content_key then event_id end as shared_event_id,
    source_file,
    staged_source_file,
    row_number,
    load_id,
    arrival_rank,
    staged_row_number
from ranked
