with

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
-- condition is every active event: readers take that from fct_events or fct_user_active_days.
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
    from {{ ref('fct_events') }} as events
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
    from {{ ref('fct_events') }} as events
    cross join selectors
    where
        (events.is_activity or selectors.is_any_event)
        and selectors.is_any_activity
        and not selectors.is_read_by_day
        and (
            selectors.has_conditions
            or selectors.first_time is not null
            or selectors.is_any_event
        )

)

select * from named
