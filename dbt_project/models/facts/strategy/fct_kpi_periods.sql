{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['kpi_id'],
    meta={'touched': 'int_kpis_touched', 'from': {'period_start_date': 'recompute_from_date'}},
    on_schema_change='fail',
) }}
with

kpis as (

    select * from {{ ref('dim_kpis') }}

),

touched as (

    select * from {{ ref('int_kpis_touched') }}

),

user_days as (

    select
        kpi_id,
        segment_by,
        segment_value,
        user_id,
        event_count,
        event_value,
        activity_date
    from {{ ref('fct_kpi_user_days') }}

    union all

    select
        selectors.definition_id as kpi_id,
        null as segment_by,
        null as segment_value,
        days.user_id,
        days.event_count,
        0 as event_value,
        days.activity_date
    from {{ ref('fct_user_active_days') }} as days
    inner join {{ ref('dim_selectors') }} as selectors
        on selectors.definition = 'kpi' and selectors.is_read_by_day

),

-- Of users who are counted each stays by itself; all else is a sum by day.
days as (

    select
        user_days.kpi_id,
        kpis.kind,
        user_days.segment_by,
        user_days.segment_value,
        case when kpis.kind = 'users' then user_days.user_id end as user_id,
        sum(user_days.event_count) as event_count,
        sum(user_days.event_value) as event_value,
        {{ grain_starts('user_days.activity_date') }}
    from user_days
    inner join kpis on user_days.kpi_id = kpis.kpi_id
    {% if is_incremental() -%}
    inner join touched
        on user_days.kpi_id = touched.kpi_id
        and user_days.activity_date >= touched.recompute_from_date
    {% endif -%}
    group by
        user_days.kpi_id, kpis.kind, user_days.segment_by, user_days.segment_value,
        case when kpis.kind = 'users' then user_days.user_id end, user_days.activity_date

),

-- A week or a month that began before that day is not looked at as a whole.
periods as (

    select
        kpi_id,
        kind,
        segment_by,
        segment_value,
        user_id,
        {{ grain_columns() }},
        sum(event_count) as event_count,
        sum(event_value) as event_value
    from days
    group by {{ grain_sets(['kpi_id', 'kind', 'segment_by', 'segment_value', 'user_id'], with_all=false) }}

)

select
    periods.kpi_id,
    periods.segment_by,
    periods.segment_value,
    periods.grain,
    cast(
        case periods.kind
            when 'users' then count(*)
            when 'count' then sum(periods.event_count)
            else sum(periods.event_value)
        end as decimal(38, 12)
    ) as value,
    periods.period_start_date
from periods
{% if is_incremental() -%}
inner join touched
    on periods.kpi_id = touched.kpi_id
    and periods.period_start_date >= touched.recompute_from_date
{% endif -%}
group by
    periods.kpi_id, periods.kind, periods.segment_by, periods.segment_value, periods.grain,
    periods.period_start_date
