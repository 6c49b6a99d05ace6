{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['source_id', 'event_id'],
    meta={'touched': 'stg_events__touched'},
) }}
{# DuckDB keeps a CTE that is read twice as a whole; the view of all events is therefore
   read by name each time. #}
{% set touched_alone -%}
    {% if is_incremental() -%}
    inner join touched
        on typed.source_id = touched.source_id
        and typed.event_id = touched.event_id
    inner join touched_loads on typed.load_id = touched_loads.load_id
    {%- endif %}
{%- endset -%}
with

touched_loads as (

    select * from {{ ref('stg_events__touched_loads') }}

),

touched as (

    select distinct
        source_id,
        event_id
    from {{ ref('stg_events__touched') }}

),

-- Few ids repeat: only theirs are ranked, so that the many need no sort and no hash.
repeated as (

    select
        source_id,
        event_id
    from {{ ref('stg_events__repeated') }}

),

singles as (

    select typed.*
    from {{ ref('stg_events__typed') }} as typed
    {{ touched_alone }}
    left join repeated
        on typed.source_id = repeated.source_id
        and typed.event_id = repeated.event_id
    where typed.reason is null and repeated.event_id is null

),

candidates as (

    select united.*
    from {{ ref('stg_events__united') }} as united
    {% if is_incremental() -%}
    inner join touched_loads on united.load_id = touched_loads.load_id
    inner join touched
        on united.source_id = touched.source_id
        and {{ event_key('united') }} = touched.event_id
    {% endif -%}
    inner join repeated
        on united.source_id = repeated.source_id
        and {{ event_key('united') }} = repeated.event_id

),

ranked as (

    select
        judged.*,
        row_number() over (
            partition by source_id, event_id
            order by
                received_at asc nulls last,
                content_hash,
                source_file,
                row_number
        ) as arrival_rank
    from (
        {{ typed_events('candidates') | indent(8) }}
    ) as judged
    where reason is null

),

{% set columns -%}
    source_id,
    event_id,
    event_name,
    user_id,
    anonymous_id,
    session_id,
    {% for column in event_text_columns() -%}
    {{ column }},
    {% endfor -%}
    properties,
    source_file,
    row_number,
    load_id,
    reporting_amount as amount,
    occurred_at,
    received_at
{%- endset -%}

deduplicated as (

    select {{ columns }}
    from singles

    union all

    select {{ columns }}
    from ranked
    where arrival_rank = 1

)

select * from deduplicated
