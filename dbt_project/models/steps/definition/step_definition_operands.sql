-- A part of fct_definition_matches: what each condition compares.
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
        when 'user' then {{ user_property('users', 'asked.property') }}
        else {{ event_property('events', 'asked.property') }}
    end as property_value
{%- endset -%}
with

users as (

    select
        user_id,
        properties,
        created_at
    from {{ ref('dim_users') }}

),

names as (

    select * from {{ ref('dim_selector_names') }}

),

selectors as (

    select * from {{ ref('dim_selectors') }}

),

conditions as (

    select * from {{ ref('dim_selector_conditions') }}

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

)

select {{ columns }}
from {{ ref('fct_events') }} as events
inner join asked_by_name as asked on events.event_name = asked.event_name
{{ join_recomputed('user', 'events', 'occurred_at') }}
left join users on events.user_id = users.user_id

union all

select {{ columns }}
from {{ ref('fct_events') }} as events
cross join asked_of_any as asked
{{ join_recomputed('user', 'events', 'occurred_at') }}
left join users on events.user_id = users.user_id
where events.is_activity or asked.is_any_event
