{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['definition', 'definition_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'definition', 'from': 'occurred_at'}},
) }}
with

-- Who had the first time before the cut-off of an expiry, or before what is computed anew, has no
-- other.
first_times as (

    {{ archived_rows('arc_first_events', ['definition', 'definition_id', 'side']) }}
    {%- if is_incremental() %}

    union all

    select
        kept.user_id,
        kept.definition,
        kept.definition_id,
        kept.side
    from {{ this }} as kept
    {{ join_kept('definition', 'kept', 'occurred_at') }}
    {%- endif %}

),

-- "First ever" looks at all history, before any condition. Read once, because DuckDB keeps as a whole
-- what a query reads twice.
candidates as (

    select candidates.*
    from (
        select
            asked.*,
            case
                when first_time = 'event' then cast('9999-12-31' as timestamp)
                else occurred_at
            end as asked_until_at
        from {{ ref('step_definition_candidates') }} as asked
        where first_time is not null or has_conditions
    ) as candidates
    {{ join_recomputed('definition', 'candidates', 'asked_until_at') }}

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

first_ever as (

    {{ first_events('open_candidates', 'event') | indent(4) }}

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

    {{ first_events('matching', 'matching') | indent(4) }}

),

chosen as (

    select {{ columns }}
    from matching
    where coalesce(first_time, '') <> 'matching'

    union all

    select {{ columns }}
    from first_matching

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
{{ join_recomputed('definition', 'chosen', 'occurred_at') }}
