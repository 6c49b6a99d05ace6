{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['user_id'],
    on_schema_change='fail',
) }}
with

-- Who had the first time before the cut-off of an expiry has no other.
archived as (

    {{ archived_rows('stg_archived_first_events', ['definition', 'definition_id', 'side']) }}

),

candidates as (

    select candidates.*
    from {{ ref('fct_definition_candidates') }} as candidates
    where
        (candidates.has_conditions or candidates.first_time is not null)
        and {{ is_recomputed('candidates.user_id') }}
        and not exists (
            select 1
            from archived
            where
                candidates.first_time is not null
                and archived.definition = candidates.definition
                and archived.definition_id = candidates.definition_id
                and archived.side = candidates.side
                and archived.user_id = candidates.user_id
        )

),

matches as (

    select * from {{ ref('fct_definition_matches') }}

),

-- "First ever" looks at all history, before any condition.
first_ever as (

    select
        candidates.*,
        row_number() over (
            partition by definition, definition_id, side, user_id
            order by occurred_at, source_id, event_id
        ) as event_number
    from candidates
    where first_time = 'event'

),

{% set columns -%}
    definition,
    definition_id,
    side,
    user_id,
    source_id,
    event_id,
    first_time,
    has_conditions,
    event_date,
    occurred_at
{%- endset -%}

asked as (

    select {{ columns }}
    from candidates
    where coalesce(first_time, '') <> 'event'

    union all

    select {{ columns }}
    from first_ever
    where event_number = 1

),

matching as (

    select asked.*
    from asked
    left join matches
        on asked.definition = matches.definition
        and asked.definition_id = matches.definition_id
        and asked.side = matches.side
        and asked.source_id = matches.source_id
        and asked.event_id = matches.event_id
    where not asked.has_conditions or matches.event_id is not null

),

first_matching as (

    select
        matching.*,
        row_number() over (
            partition by definition, definition_id, side, user_id
            order by occurred_at, source_id, event_id
        ) as event_number
    from matching
    where first_time = 'matching'

),

chosen as (

    select {{ columns }}
    from matching
    where coalesce(first_time, '') <> 'matching'

    union all

    select {{ columns }}
    from first_matching
    where event_number = 1

)

select
    definition,
    definition_id,
    side,
    user_id,
    source_id,
    event_id,
    event_date,
    occurred_at
from chosen
