{{ config(materialized='view') }}
with

events as (

    select
        user_id,
        source_id,
        event_id,
        event_name,
        is_activity,
        event_date,
        occurred_at
    from {{ ref('fct_events') }}

),

selectors as (

    select * from {{ ref('dim_selectors') }}

),

names as (

    select
        names.definition,
        names.definition_id,
        names.side,
        names.event_name,
        selectors.first_time,
        selectors.has_conditions
    from {{ ref('dim_selector_names') }} as names
    inner join selectors
        on names.definition = selectors.definition
        and names.definition_id = selectors.definition_id
        and names.side = selectors.side

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
        names.first_time,
        names.has_conditions,
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
        selectors.first_time,
        selectors.has_conditions,
        events.event_date,
        events.occurred_at
    from events
    cross join selectors
    where
        events.is_activity
        and selectors.is_any_activity
        and not selectors.is_read_by_day
        and (selectors.has_conditions or selectors.first_time is not null)

),

-- "First ever" looks at all history, before any condition.
first_ever as (

    select
        named.*,
        row_number() over (
            partition by definition, definition_id, side, user_id
            order by occurred_at, source_id, event_id
        ) as event_number
    from named
    where first_time = 'event'

)

select
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
from named
where coalesce(first_time, '') <> 'event'

union all

select
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
from first_ever
where event_number = 1
