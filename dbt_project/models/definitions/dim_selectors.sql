with

activities as (

    select * from {{ ref('dim_activities') }}

),

funnel_steps as (

    select * from {{ ref('dim_funnel_steps') }}

),

retentions as (

    select * from {{ ref('dim_retentions') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

paths as (

    select * from {{ ref('dim_paths') }}

),

conversions as (

    select * from {{ ref('dim_conversions') }}

),

measures as (

    select * from {{ ref('dim_campaign_measures') }}

),

survivals as (

    select * from {{ ref('dim_survivals') }}

),

features as (

    select * from {{ ref('dim_features') }}

),

kpis as (

    select * from {{ ref('dim_kpis') }}

),

kpi_segments as (

    select * from {{ ref('dim_kpi_segments') }}

),

filters as (

    select
        definition,
        definition_id,
        side
    from {{ source('seeds', 'filters') }}

),

sides as (

    select
        'activity' as definition,
        activity_id as definition_id,
        'activity' as side,
        event_name,
        null as first_time,
        false as is_any_event,
        false as is_day_enough
    from activities

    union all

    select
        'funnel' as definition,
        funnel_id as definition_id,
        side,
        event_name,
        first_time,
        false as is_any_event,
        false as is_day_enough
    from funnel_steps

    union all

    -- What a strict funnel sees beside its steps, where that is not simply every event.
    select
        'funnel' as definition,
        funnel_id as definition_id,
        'stream' as side,
        '*' as event_name,
        null as first_time,
        true as is_any_event,
        false as is_day_enough
    from funnels
    where
        order_mode = 'strict'
        and (
            (breakdown is not null and breakdown_attribution = 'all')
            or exists (
                select 1
                from filters
                where
                    filters.definition = 'funnel'
                    and filters.definition_id = funnels.funnel_id
                    and filters.side is null
            )
        )

    union all

    select
        'retention' as definition,
        retention_id as definition_id,
        'cohort' as side,
        cohort_event as event_name,
        case cohort_mode when 'first_ever' then 'event' when 'first_matching' then 'matching' end
            as first_time,
        false as is_any_event,
        -- A user's first event of a day is known, and no other one is asked for.
        breakdown is null
        and (cohort_granularity <> 'hour' or cohort_mode <> 'recurring')
        and (from_at is null or from_at = {{ local_midnight(local_date('from_at')) }})
        and (to_at is null or to_at = {{ add_microseconds(
            local_midnight(dbt.dateadd('day', 1, local_date('to_at'))), '-1'
        ) }}) as is_day_enough
    from retentions

    union all

    select
        'retention' as definition,
        retention_id as definition_id,
        'return' as side,
        return_event as event_name,
        null as first_time,
        false as is_any_event,
        granularity <> 'hour'
        and window_mode = 'calendar'
        and breakdown is null
        and value_property is null as is_day_enough
    from retentions

    union all

    select
        'path' as definition,
        path_id as definition_id,
        'item' as side,
        item_event as event_name,
        null as first_time,
        false as is_any_event,
        false as is_day_enough
    from paths

    union all

    select
        'path' as definition,
        path_id as definition_id,
        'anchor' as side,
        anchor_event as event_name,
        null as first_time,
        false as is_any_event,
        false as is_day_enough
    from paths
    where anchor_event is not null

    union all

    select
        'conversion' as definition,
        conversion_id as definition_id,
        'conversion' as side,
        event_name,
        null as first_time,
        false as is_any_event,
        false as is_day_enough
    from conversions

    union all

    select
        'measure' as definition,
        measure_id as definition_id,
        'numerator' as side,
        event_name,
        null as first_time,
        false as is_any_event,
        false as is_day_enough
    from measures

    union all

    select
        'measure' as definition,
        measure_id as definition_id,
        'denominator' as side,
        denominator_event_name as event_name,
        null as first_time,
        false as is_any_event,
        false as is_day_enough
    from measures
    where kind = 'ratio'

    union all

    select
        'survival' as definition,
        survival_id as definition_id,
        'start' as side,
        start_event as event_name,
        case when subject = 'user' then 'matching' end as first_time,
        false as is_any_event,
        subject = 'streak' and breakdown is null as is_day_enough
    from survivals
    where subject in ('user', 'streak') or start_event is not null

    union all

    select
        'survival' as definition,
        survival_id as definition_id,
        'end' as side,
        end_event as event_name,
        null as first_time,
        false as is_any_event,
        false as is_day_enough
    from survivals
    where subject <> 'streak'

    union all

    select
        'feature' as definition,
        feature_id as definition_id,
        'use' as side,
        event_name,
        null as first_time,
        false as is_any_event,
        false as is_day_enough
    from features

    union all

    select
        'feature' as definition,
        feature_id as definition_id,
        'eligible' as side,
        eligible_event as event_name,
        null as first_time,
        false as is_any_event,
        false as is_day_enough
    from features

    union all

    select
        'kpi' as definition,
        kpi_id as definition_id,
        'event' as side,
        event_name,
        null as first_time,
        false as is_any_event,
        kind = 'users' and not exists (
            select 1
            from kpi_segments
            where kpi_segments.kpi_id = kpis.kpi_id
        ) as is_day_enough
    from kpis
    where kind in ('count', 'users', 'sum')

),

filtered as (

    select
        sides.definition,
        sides.definition_id,
        sides.side,
        nullif(sides.event_name, '*') as event_name,
        sides.first_time,
        coalesce(sides.event_name, '*') = '*' as is_any_activity,
        sides.is_any_event,
        coalesce(
            (sides.definition, sides.definition_id) in (
                select
                    filters.definition,
                    filters.definition_id
                from filters
                where filters.side is null
            )
            or (sides.definition, sides.definition_id, sides.side) in (
                select
                    filters.definition,
                    filters.definition_id,
                    filters.side
                from filters
                where filters.side is not null
            ),
            false
        ) as has_conditions,
        sides.is_day_enough
    from sides

),

-- Any activity without conditions, where days are enough: readers take fct_user_days, a
-- third of the events.
by_day as (

    select
        definition,
        definition_id,
        side,
        event_name,
        first_time,
        is_any_activity,
        is_any_event,
        has_conditions,
        is_any_activity and not has_conditions and is_day_enough as is_read_by_day
    from filtered

)

select * from by_day
