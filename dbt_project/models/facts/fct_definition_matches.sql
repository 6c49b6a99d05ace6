{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['definition', 'definition_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'definition', 'from': 'occurred_at'}},
) }}
{% set columns -%}
    asked.definition,
    asked.definition_id,
    asked.side,
    asked.condition_group,
    asked.condition_number,
    asked.operand_count,
    asked.group_count,
    asked.operator,
    asked.operand,
    asked.operand_number,
    events.user_id,
    events.source_id,
    events.event_id,
    events.occurred_at,
    case asked.scope
        when 'user' then {{ user_property('users', 'asked.property', 'events.user_id') }}
        else {{ event_property('events', 'asked.property') }}
    end as property_value
{%- endset -%}
with

users as (

    select
        user_id,
        properties,
        created_at
    from {{ ref('int_users_latest') }}

),

names as (

    select * from {{ ref('dim_selector_names') }}

),

selectors as (

    select * from {{ ref('dim_selectors') }}

),

conditions as (

    select conditions.*
    from {{ ref('dim_selector_conditions') }} as conditions
    where {{ is_of_scope('conditions') }}

),

asked_by_name as (

    select
        conditions.*,
        names.event_name
    from conditions
    inner join names
        on conditions.definition = names.definition
        and conditions.definition_id = names.definition_id
        and conditions.side = names.side

),

asked_of_any as (

    select
        conditions.*,
        selectors.is_any_event
    from conditions
    inner join selectors
        on conditions.definition = selectors.definition
        and conditions.definition_id = selectors.definition_id
        and conditions.side = selectors.side
    where selectors.is_any_activity

),

-- What each condition compares.
valued as (

    select {{ columns }}
    from {{ ref('fct_events') }} as events
    inner join asked_by_name as asked on events.event_name = asked.event_name
    {{ join_recomputed('definition', 'events', 'occurred_at', of='asked') }}
    left join users on events.user_id = users.user_id

    union all

    select {{ columns }}
    from {{ ref('fct_events') }} as events
    cross join asked_of_any as asked
    {{ join_recomputed('definition', 'events', 'occurred_at', of='asked') }}
    left join users on events.user_id = users.user_id
    where events.is_activity or asked.is_any_event

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
