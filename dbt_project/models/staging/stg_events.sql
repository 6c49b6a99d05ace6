{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['source_id', 'event_id'],
    meta={'touched': 'stg_events__touched'},
) }}
with

typed as (

    select * from {{ ref('stg_events__typed') }}

),

touched as (

    select * from {{ ref('stg_events__touched') }}

),

candidates as (

    select typed.*
    from typed
    {% if is_incremental() -%}
    where exists (
        select 1
        from touched
        where touched.source_id = typed.source_id and touched.event_id = typed.event_id
    )
    {% endif %}

),

-- Few ids repeat: only theirs are ranked, so that the many need no sort. Counted before
-- rows are judged, over the narrow key alone.
repeated as (

    select
        source_id,
        event_id
    from candidates
    group by source_id, event_id
    having count(*) > 1

),

singles as (

    select candidates.*
    from candidates
    where
        reason is null
        and not exists (
            select 1
            from repeated
            where
                repeated.source_id = candidates.source_id
                and repeated.event_id = candidates.event_id
        )

),

ranked as (

    select
        candidates.*,
        row_number() over (
            partition by candidates.source_id, candidates.event_id
            order by
                candidates.received_at asc nulls last,
                candidates.content_hash,
                candidates.source_file,
                candidates.row_number
        ) as arrival_rank
    from candidates
    inner join repeated
        on candidates.source_id = repeated.source_id
        and candidates.event_id = repeated.event_id
    where candidates.reason is null

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
    content_hash,
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
