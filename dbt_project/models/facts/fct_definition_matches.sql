{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'user', 'from': 'occurred_at'}},
) }}
-- depends_on: {{ ref('int_users_recomputed') }}
with

valued as (

    select * from {{ ref('step_definition_operands') }}

),

-- What does not meet a condition of one operand, as most have, goes at once.
held_or_open as (

    select
        valued.*,
        coalesce({{ condition_holds() }}, false) as meets_operand
    from valued
    where
        operand_count > 1
        or case
            when operator in ('is_not', 'not_contains')
                then not coalesce({{ condition_holds() }}, false)
            else {{ condition_holds() }}
        end

),

conditions_held as (

    select
        definition,
        definition_id,
        side,
        condition_group,
        group_count,
        user_id,
        source_id,
        event_id,
        occurred_at
    from held_or_open
    group by
        definition, definition_id, side, condition_group, condition_number, group_count,
        operator, user_id, source_id, event_id, occurred_at
    having
        bool_or(meets_operand)
        <> (operator in ('is_not', 'not_contains'))

),

matches as (

    select
        definition,
        definition_id,
        side,
        user_id,
        source_id,
        event_id,
        occurred_at
    from conditions_held
    group by
        definition, definition_id, side, group_count, user_id, source_id, event_id, occurred_at
    having count(distinct condition_group) = group_count

)

select * from matches
