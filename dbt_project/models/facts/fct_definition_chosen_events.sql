{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'user', 'from': 'occurred_at'}},
) }}
with

-- Who had the first time before the cut-off of an expiry, or before what is computed anew, has no
-- other.
first_times as (

    {{ archived_rows('stg_archived_first_events', ['definition', 'definition_id', 'side']) }}
    {%- if not recomputes_everybody() %}

    union all

    select
        kept.user_id,
        kept.definition,
        kept.definition_id,
        kept.side
    from {{ this }} as kept
    {{ join_kept('user', 'kept', 'occurred_at') }}
    {%- endif %}

),

candidates as (

    select candidates.*
    from {{ ref('fct_definition_candidates') }} as candidates
    {{ join_recomputed('user', 'candidates', 'occurred_at') }}
    where
        candidates.first_time = 'matching'
        or (candidates.first_time is null and candidates.has_conditions)

    union all

    -- "First ever" looks at all history, before any condition.
    select candidates.*
    from {{ ref('fct_definition_candidates') }} as candidates
    where candidates.first_time = 'event' and {{ is_recomputed('candidates.user_id') }}

),

open_candidates as (

    select candidates.*
    from candidates
    where
        candidates.first_time is null
        or not exists (
            select 1
            from first_times
            where
                first_times.definition = candidates.definition
                and first_times.definition_id = candidates.definition_id
                and first_times.side = candidates.side
                and first_times.user_id = candidates.user_id
        )

),

matches as (

    select * from {{ ref('fct_definition_matches') }}

),

-- The first instant by a sum, and what shares it by a sort: to sort all events for the first of
-- each user took three times as long.
first_instants as (

    select
        definition,
        definition_id,
        side,
        user_id,
        min(occurred_at) as occurred_at
    from open_candidates
    where first_time = 'event'
    group by definition, definition_id, side, user_id

),

first_ever as (

    select
        open_candidates.*,
        row_number() over (
            partition by
                open_candidates.definition, open_candidates.definition_id, open_candidates.side,
                open_candidates.user_id
            order by open_candidates.source_id, open_candidates.event_id
        ) as event_number
    from open_candidates
    inner join first_instants
        on open_candidates.definition = first_instants.definition
        and open_candidates.definition_id = first_instants.definition_id
        and open_candidates.side = first_instants.side
        and open_candidates.user_id = first_instants.user_id
        and open_candidates.occurred_at = first_instants.occurred_at
    where open_candidates.first_time = 'event'

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
    from open_candidates
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

first_matching_instants as (

    select
        definition,
        definition_id,
        side,
        user_id,
        min(occurred_at) as occurred_at
    from matching
    where first_time = 'matching'
    group by definition, definition_id, side, user_id

),

first_matching as (

    select
        matching.*,
        row_number() over (
            partition by
                matching.definition, matching.definition_id, matching.side, matching.user_id
            order by matching.source_id, matching.event_id
        ) as event_number
    from matching
    inner join first_matching_instants
        on matching.definition = first_matching_instants.definition
        and matching.definition_id = first_matching_instants.definition_id
        and matching.side = first_matching_instants.side
        and matching.user_id = first_matching_instants.user_id
        and matching.occurred_at = first_matching_instants.occurred_at
    where matching.first_time = 'matching'

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
    chosen.definition,
    chosen.definition_id,
    chosen.side,
    chosen.user_id,
    chosen.source_id,
    chosen.event_id,
    chosen.event_date,
    chosen.occurred_at
from chosen
{{ join_recomputed('user', 'chosen', 'occurred_at') }}
