with

-- Sides that ask for nothing but names. Those that are read by day look at no event.
plain_sides as (

    select *
    from {{ ref('dim_selectors') }}
    where not has_conditions and first_time is null and not is_read_by_day

)

select
    plain_sides.definition,
    plain_sides.definition_id,
    plain_sides.side,
    names.event_name
from plain_sides
inner join {{ ref('dim_selector_names') }} as names
    on plain_sides.definition = names.definition
    and plain_sides.definition_id = names.definition_id
    and plain_sides.side = names.side

union all

select
    plain_sides.definition,
    plain_sides.definition_id,
    plain_sides.side,
    occurring.event_name
from plain_sides
cross join (select distinct event_name, is_activity from {{ ref('fct_events') }}) as occurring
where plain_sides.is_any_activity and (occurring.is_activity or plain_sides.is_any_event)
