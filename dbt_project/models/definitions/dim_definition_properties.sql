with

funnels as (

    select * from {{ ref('dim_funnels') }}

),

retentions as (

    select * from {{ ref('dim_retentions') }}

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

kpis as (

    select * from {{ ref('dim_kpis') }}

),

kpi_segments as (

    select * from {{ ref('dim_kpi_segments') }}

),

listed as (

    select
        'funnel' as definition,
        funnel_id as definition_id,
        'breakdown' as purpose,
        breakdown as properties
    from funnels
    where breakdown is not null

    union all

    select
        'funnel' as definition,
        funnel_id as definition_id,
        'hold_constant' as purpose,
        hold_constant as properties
    from funnels
    where hold_constant is not null

    union all

    select
        'retention' as definition,
        retention_id as definition_id,
        'breakdown' as purpose,
        breakdown as properties
    from retentions
    where breakdown is not null

    union all

    select
        'path' as definition,
        path_id as definition_id,
        'item' as purpose,
        item_property as properties
    from paths
    where item_property is not null

    union all

    select
        'retention' as definition,
        retention_id as definition_id,
        'value_property' as purpose,
        value_property as properties
    from retentions
    where value_property is not null

    union all

    select
        'conversion' as definition,
        conversion_id as definition_id,
        'value' as purpose,
        value_kind as properties
    from conversions
    where value_kind like 'event:%'

    union all

    select
        'measure' as definition,
        measure_id as definition_id,
        'numerator' as purpose,
        value_property as properties
    from measures
    where value_property is not null

    union all

    select
        'measure' as definition,
        measure_id as definition_id,
        'denominator' as purpose,
        denominator_property as properties
    from measures
    where denominator_property is not null

    union all

    select
        'survival' as definition,
        survival_id as definition_id,
        'breakdown' as purpose,
        breakdown as properties
    from survivals
    where breakdown is not null

    union all

    select
        'survival' as definition,
        survival_id as definition_id,
        'subject' as purpose,
        'event:' || subject || '_id' as properties
    from survivals
    where subject in ('merchant', 'content')

    union all

    select
        'kpi' as definition,
        kpi_id as definition_id,
        'value' as purpose,
        property as properties
    from kpis
    where kind = 'sum'

    union all

    -- One may be asked for by several: each is a purpose of its own.
    select
        'kpi' as definition,
        kpi_id as definition_id,
        segment_by as purpose,
        segment_by as properties
    from kpi_segments

),

exploded as (

    select
        listed.definition,
        listed.definition_id,
        listed.purpose,
        parts.position,
        {{ alternative('parts.part') }} as scoped_property
    from listed
    {{ explode_with_position(alternatives('listed.properties'), 'parts', 'position', 'part') }}

),

scoped as (

    select
        definition,
        definition_id,
        purpose,
        cast(position as integer) as position,
        case when scoped_property like 'user:%' then 'user' else 'event' end as scope,
        substr(scoped_property, {{ dbt.position("':'", 'scoped_property') }} + 1) as property
    from exploded

)

select * from scoped
