{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['kpi_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'kpi', 'from': 'activity_date'}},
) }}
-- Users of any activity are left out: their days are fct_user_active_days, and would only be copied.
with

any_activity as (

    select definition_id as kpi_id
    from {{ ref('dim_selectors') }}
    where
        definition = 'kpi'
        and is_any_activity
        and not has_conditions
        and not is_read_by_day

),

occurred as (

    select
        definition_id as kpi_id,
        user_id,
        source_id,
        event_id,
        event_date
    from {{ ref('step_definition_events') }}
    where definition = 'kpi'

    union all

    select
        any_activity.kpi_id,
        events.user_id,
        events.source_id,
        events.event_id,
        events.event_date
    from {{ ref('fct_events') }} as events
    cross join any_activity
    where events.is_activity

),

amounts as (

    select
        definition_id as kpi_id,
        source_id,
        event_id,
        {{ parse_number('property_value', 'decimal(28, 12)') }} as event_value
    from {{ ref('fct_definition_values') }} as of_all
    where definition = 'kpi' and purpose = 'value' and {{ is_recomputed('definition', 'of_all') }}

),

-- A KPI as a whole. What is no number is worth nothing.
whole as (

    select
        occurred.kpi_id,
        occurred.user_id,
        count(*) as event_count,
        sum(coalesce(amounts.event_value, 0)) as event_value,
        occurred.event_date
    from occurred
    {{ join_recomputed('kpi', 'occurred', 'event_date') }}
    left join amounts
        on occurred.kpi_id = amounts.kpi_id
        and occurred.source_id = amounts.source_id
        and occurred.event_id = amounts.event_id
    group by occurred.kpi_id, occurred.user_id, occurred.event_date

),

-- By what a user is: asked of the days of a user, and not of each event.
user_parts as (

    select
        definition_id as kpi_id,
        purpose as segment_by,
        property
    from {{ ref('dim_definition_properties') }} as properties
    where {{ is_segment_of_users('properties') }}

),

by_user as (

    select
        whole.kpi_id,
        user_parts.segment_by,
        coalesce({{ user_property('users', 'user_parts.property', 'whole.user_id') }}, '')
            as segment_value,
        whole.user_id,
        whole.event_count,
        whole.event_value,
        whole.event_date
    from whole
    inner join user_parts on whole.kpi_id = user_parts.kpi_id
    left join {{ ref('int_users_latest') }} as users on whole.user_id = users.user_id

),

-- By what an event says, too: every event of the KPI has a value there.
event_parts as (

    select
        definition_id as kpi_id,
        purpose as segment_by,
        property_value as segment_value,
        user_id,
        source_id,
        event_id,
        {{ local_date('occurred_at') }} as event_date
    from {{ ref('fct_definition_values') }} as of_all
    where definition = 'kpi' and purpose <> 'value' and {{ is_recomputed('definition', 'of_all') }}

),

by_event as (

    select
        event_parts.kpi_id,
        event_parts.segment_by,
        event_parts.segment_value,
        event_parts.user_id,
        count(*) as event_count,
        sum(coalesce(amounts.event_value, 0)) as event_value,
        event_parts.event_date
    from event_parts
    {{ join_recomputed('kpi', 'event_parts', 'event_date') }}
    left join amounts
        on event_parts.kpi_id = amounts.kpi_id
        and event_parts.source_id = amounts.source_id
        and event_parts.event_id = amounts.event_id
    group by
        event_parts.kpi_id, event_parts.segment_by, event_parts.segment_value, event_parts.user_id,
        event_parts.event_date

),

parts as (

    select
        kpi_id,
        cast(null as {{ dbt.type_string() }}) as segment_by,
        cast(null as {{ dbt.type_string() }}) as segment_value,
        user_id,
        event_count,
        event_value,
        event_date
    from whole

    union all

    select * from by_user

    union all

    select * from by_event

),

days as (

    select
        kpi_id,
        segment_by,
        segment_value,
        user_id,
        event_count,
        cast(event_value as decimal(38, 12)) as event_value,
        event_date as activity_date
    from parts

    {{ union_archived('arc_kpi_user_days', {
        'kpi_id': 'key', 'segment_by': 'key', 'segment_value': 'key', 'user_id': 'key',
        'event_count': 'sum', 'event_value': 'sum_value', 'activity_date': 'key',
    }, recomputed={'by': 'kpi', 'from': 'activity_date'}) }}

)

select * from days
