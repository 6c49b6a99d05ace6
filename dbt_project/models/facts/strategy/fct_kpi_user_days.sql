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

-- A KPI as a whole, and by the properties that part it.
parts as (

    select
        kpi_id,
        cast(null as {{ dbt.type_string() }}) as segment_by
    from {{ ref('dim_kpis') }}

    union all

    select
        kpi_id,
        segment_by
    from {{ ref('dim_kpi_segments') }}

),

property_values as (

    select
        definition_id as kpi_id,
        purpose,
        source_id,
        event_id,
        property_value
    from {{ ref('fct_definition_values') }} as of_all
    where definition = 'kpi' and {{ is_recomputed('definition', 'of_all') }}

),

-- What is no number is worth nothing.
valued as (

    select
        occurred.kpi_id,
        occurred.user_id,
        occurred.event_date,
        parts.segment_by,
        case when parts.segment_by is not null then coalesce(segments.property_value, '') end
            as segment_value,
        coalesce({{ try_cast('amounts.property_value', 'decimal(28, 12)') }}, 0) as event_value
    from occurred
    {{ join_recomputed('kpi', 'occurred', 'event_date') }}
    inner join parts on occurred.kpi_id = parts.kpi_id
    left join property_values as amounts
        on occurred.kpi_id = amounts.kpi_id
        and occurred.source_id = amounts.source_id
        and occurred.event_id = amounts.event_id
        and amounts.purpose = 'value'
    left join property_values as segments
        on occurred.kpi_id = segments.kpi_id
        and occurred.source_id = segments.source_id
        and occurred.event_id = segments.event_id
        and parts.segment_by = segments.purpose

),

days as (

    select
        kpi_id,
        segment_by,
        segment_value,
        user_id,
        count(*) as event_count,
        cast(sum(event_value) as decimal(38, 12)) as event_value,
        event_date as activity_date
    from valued
    group by kpi_id, segment_by, segment_value, user_id, event_date

    {{ union_archived('arc_kpi_user_days', {
        'kpi_id': 'key', 'segment_by': 'key', 'segment_value': 'key', 'user_id': 'key',
        'event_count': 'sum', 'event_value': 'sum_value', 'activity_date': 'key',
    }, recomputed={'by': 'kpi', 'from': 'activity_date'}) }}

)

select * from days
