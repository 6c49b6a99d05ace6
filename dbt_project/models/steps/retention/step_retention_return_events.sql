-- What return_periods reads of the definitions' events, for each kind of period once.
with

definition_events as (

    select *
    from {{ ref('step_definition_events') }}
    where definition = 'retention' and side = 'return'

),

breakdown_values as (

    select *
    from {{ ref('fct_definition_values') }}
    where definition = 'retention' and purpose = 'breakdown'

),

summed_values as (

    select *
    from {{ ref('fct_definition_values') }}
    where definition = 'retention' and purpose = 'value_property'

),

events as (

    select * from {{ ref('fct_events') }}

),

retentions as (

    select * from {{ ref('dim_retentions') }}

),

selectors as (

    select *
    from {{ ref('dim_selectors') }}
    where
        definition = 'retention'
        and side = 'return'
        and is_any_activity
        and not has_conditions
        and not is_read_by_day

),

return_events as (

    select
        definition_id as retention_id,
        user_id,
        source_id,
        event_id,
        event_date,
        occurred_at
    from definition_events

    union all

    select
        selectors.definition_id as retention_id,
        events.user_id,
        events.source_id,
        events.event_id,
        events.event_date,
        events.occurred_at
    from events
    cross join selectors
    where events.is_activity

),

valued as (

    select
        return_events.retention_id,
        return_events.user_id,
        retentions.granularity,
        retentions.window_mode,
        breakdown_values.property_value as breakdown_value,
        -- Sums of decimals do not depend on the order of the rows.
        {{ parse_number('summed_values.property_value', 'decimal(28, 6)') }} as returned_value,
        return_events.event_date,
        return_events.occurred_at
    from return_events
    inner join retentions on return_events.retention_id = retentions.retention_id
    left join breakdown_values
        on return_events.retention_id = breakdown_values.definition_id
        and return_events.source_id = breakdown_values.source_id
        and return_events.event_id = breakdown_values.event_id
    left join summed_values
        on return_events.retention_id = summed_values.definition_id
        and return_events.source_id = summed_values.source_id
        and return_events.event_id = summed_values.event_id

)

select
    retention_id,
    user_id,
    granularity,
    window_mode,
    breakdown_value,
    {{ period_index('granularity', 'event_date', 'occurred_at') }} as period_index,
    returned_value,
    occurred_at
from valued
