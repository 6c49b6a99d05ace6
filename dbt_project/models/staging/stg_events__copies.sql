{{ config(materialized='incremental', incremental_strategy='replace_all') }}
{#- Rows that share an id are copies of one event where they name one actor, one event and one
    instant, which an id may say by itself; else they are other events, which are kept apart. Who a
    copy without a user is, its device says: of the users that the id, the event, the instant and the
    device were seen with, the smallest. -#}
{%- set arrival -%}
order by received_at asc nulls last, content_hash, source_file, row_number
{%- endset -%}
with

touched_ids as (

    select distinct
        source_id,
        event_id
    from {{ ref('stg_events__touched') }}

),

touched_loads as (

    select distinct source_load_id as load_id
    from {{ ref('stg_events__touched') }}

),

-- Counted over the key alone, before rows are typed and judged: what stands once needs no rank.
repeated as (

    select
        united.source_id,
        {{ event_key('united') }} as event_id
    from {{ ref('stg_events__united') }} as united
    {% if is_incremental() -%}
    inner join touched_loads on united.load_id = touched_loads.load_id
    inner join touched_ids
        on united.source_id = touched_ids.source_id
        and {{ event_key('united') }} = touched_ids.event_id
    {%- endif %}
    group by united.source_id, {{ event_key('united') }}
    having count(*) > 1

),

candidates as (

    select united.*
    from {{ ref('stg_events__united') }} as united
    inner join repeated
        on united.source_id = repeated.source_id
        and {{ event_key('united') }} = repeated.event_id
    {% if is_incremental() -%}
    inner join touched_loads on united.load_id = touched_loads.load_id
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
        user_id,
        anonymous_id,
        order_id,
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
            || case
                when not {{ id_says_all('typed') }}
                    then cast(occurred_at as {{ dbt.type_string() }})
                else ''
            end
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
    user_id,
    anonymous_id,
    order_id,
    source_file,
    staged_source_file,
    row_number,
    load_id,
    arrival_rank,
    staged_row_number,
    occurred_at
from ranked
