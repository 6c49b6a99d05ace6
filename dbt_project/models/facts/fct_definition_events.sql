with

matches as (

    select * from {{ ref('fct_definition_matches') }}

),

{% set columns -%}
    candidates.definition,
    candidates.definition_id,
    candidates.side,
    candidates.user_id,
    candidates.source_id,
    candidates.event_id,
    candidates.event_date,
    candidates.occurred_at
{%- endset -%}

matching as (

    select
        {{ columns }},
        candidates.first_time
    from {{ ref('fct_definition_candidates') }} as candidates
    where not candidates.has_conditions

    union all

    select
        {{ columns }},
        candidates.first_time
    from {{ ref('fct_definition_candidates') }} as candidates
    inner join matches
        on candidates.definition = matches.definition
        and candidates.definition_id = matches.definition_id
        and candidates.side = matches.side
        and candidates.source_id = matches.source_id
        and candidates.event_id = matches.event_id
    where candidates.has_conditions

),

first_matching as (

    select
        candidates.*,
        row_number() over (
            partition by definition, definition_id, side, user_id
            order by occurred_at, source_id, event_id
        ) as event_number
    from matching as candidates
    where first_time = 'matching'

),

chosen as (

    select {{ columns }}
    from matching as candidates
    where coalesce(candidates.first_time, '') <> 'matching'

    union all

    select {{ columns }}
    from first_matching as candidates
    where candidates.event_number = 1

)

select * from chosen
