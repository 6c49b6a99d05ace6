with

events as (

    select * from {{ ref('fct_events') }}

),

users as (

    select
        user_id,
        properties,
        created_at
    from {{ ref('dim_users') }}

),

selectors as (

    select * from {{ ref('dim_selectors') }}

),

names as (

    select * from {{ ref('dim_selector_names') }}

),

conditions as (

    select * from {{ ref('dim_selector_conditions') }}

),

-- One pass over the events for all definitions. A side that takes any activity without
-- condition is every active event: readers take that from fct_events or fct_user_days.
named as (

    select
        names.definition,
        names.definition_id,
        names.side,
        events.user_id,
        events.source_id,
        events.event_id,
        events.event_date,
        events.occurred_at
    from events
    inner join names on events.event_name = names.event_name

    union all

    select
        selectors.definition,
        selectors.definition_id,
        selectors.side,
        events.user_id,
        events.source_id,
        events.event_id,
        events.event_date,
        events.occurred_at
    from events
    cross join selectors
    where
        events.is_activity
        and selectors.is_any_activity
        and (selectors.has_conditions or selectors.first_time is not null)

),

labelled as (

    select
        named.*,
        selectors.first_time,
        selectors.has_conditions
    from named
    inner join selectors
        on named.definition = selectors.definition
        and named.definition_id = selectors.definition_id
        and named.side = selectors.side

),

-- "First ever" looks at all history, before any condition.
first_ever as (

    select
        labelled.*,
        row_number() over (
            partition by definition, definition_id, side, user_id
            order by occurred_at, source_id, event_id
        ) as event_number
    from labelled
    where first_time = 'event'

),

candidates as (

    select
        definition,
        definition_id,
        side,
        user_id,
        source_id,
        event_id,
        event_date,
        occurred_at,
        first_time,
        has_conditions
    from labelled
    where coalesce(first_time, '') <> 'event'

    union all

    select
        definition,
        definition_id,
        side,
        user_id,
        source_id,
        event_id,
        event_date,
        occurred_at,
        first_time,
        has_conditions
    from first_ever
    where event_number = 1

),

valued as (

    select
        candidates.definition,
        candidates.definition_id,
        candidates.side,
        candidates.source_id,
        candidates.event_id,
        conditions.condition_group,
        conditions.condition_number,
        conditions.operator,
        conditions.operand,
        conditions.operand_number,
        case conditions.scope
            when 'user' then {{ user_property('users', 'conditions.property') }}
            else {{ event_property('events', 'conditions.property') }}
        end as property_value
    from candidates
    inner join conditions
        on candidates.definition = conditions.definition
        and candidates.definition_id = conditions.definition_id
        and candidates.side = conditions.side
    inner join events
        on candidates.source_id = events.source_id
        and candidates.event_id = events.event_id
    left join users on candidates.user_id = users.user_id
    where candidates.has_conditions

),

-- An alternative is enough for a condition, a condition for its group, and every group
-- must hold.
tested as (

    select
        definition,
        definition_id,
        side,
        source_id,
        event_id,
        condition_group,
        condition_number,
        case
            when operator in ('is_not', 'not_contains')
                then not coalesce(bool_or({{ condition_holds() }}), false)
            else coalesce(bool_or({{ condition_holds() }}), false)
        end as holds
    from valued
    group by
        definition, definition_id, side, source_id, event_id,
        condition_group, condition_number, operator

),

grouped as (

    select
        definition,
        definition_id,
        side,
        source_id,
        event_id,
        condition_group,
        bool_or(holds) as holds
    from tested
    group by definition, definition_id, side, source_id, event_id, condition_group

),

accepted as (

    select
        definition,
        definition_id,
        side,
        source_id,
        event_id
    from grouped
    group by definition, definition_id, side, source_id, event_id
    having bool_and(holds)

),

matching as (

    select candidates.*
    from candidates
    where not candidates.has_conditions

    union all

    select candidates.*
    from candidates
    inner join accepted
        on candidates.definition = accepted.definition
        and candidates.definition_id = accepted.definition_id
        and candidates.side = accepted.side
        and candidates.source_id = accepted.source_id
        and candidates.event_id = accepted.event_id

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

    select
        definition,
        definition_id,
        side,
        user_id,
        source_id,
        event_id,
        event_date,
        occurred_at
    from matching
    where coalesce(first_time, '') <> 'matching'

    union all

    select
        definition,
        definition_id,
        side,
        user_id,
        source_id,
        event_id,
        event_date,
        occurred_at
    from first_matching
    where event_number = 1

)

select * from chosen
