with

-- A rebuild computes everything, and asks nobody.
causes as (

    select * from {{ ref('int_scope__causes') }} where reason <> 'rebuild'

),

last_periods as (

    select
        retention_id,
        max(last_period) as last_period
    from {{ ref('dim_retention_cells') }}
    group by retention_id

),

-- How far each looks ahead of what it counts: null, where all of a user's past decides.
-- An attempt sees as much after it as the window is long; where attempts close others, or a value
-- is that of the user's first or last event, it is all. A member sees as many periods as the curve
-- has. The end of a session is a part of each of its items; paths through a user's whole life, or
-- with sessions of their own, are computed whole. The amount of an order counts on its day. A path
-- that leads to no conversion is known so as long after as one looks back, and is of the last touch
-- of a month.
definitions as (

    select
        cast(null as {{ dbt.type_string() }}) as definition,
        cast(null as {{ dbt.type_string() }}) as definition_id,
        'counted' as looks_from,
        cast(0 as bigint) as seconds_ahead

    union all

    select
        'activity' as definition,
        activity_id as definition_id,
        'touched' as looks_from,
        0 as seconds_ahead
    from {{ ref('dim_activities') }}

    union all

    select
        'stickiness' as definition,
        stickiness_id as definition_id,
        'touched' as looks_from,
        0 as seconds_ahead
    from {{ ref('dim_stickiness') }}

    union all

    select
        'funnel' as definition,
        funnel_id as definition_id,
        'touched' as looks_from,
        case
            when
                count_by = 'users'
                and (
                    breakdown is null
                    or breakdown_attribution not in ('first', 'last')
                    or breakdown not like '%event:%'
                )
                and window_seconds < 10 * 366 * 86400
                then window_seconds
        end as seconds_ahead
    from {{ ref('dim_funnels') }}

    union all

    select
        'retention' as definition,
        retentions.retention_id as definition_id,
        'touched' as looks_from,
        (last_periods.last_period + 2) * {{ longest_period_seconds('retentions.granularity') }}
            as seconds_ahead
    from {{ ref('dim_retentions') }} as retentions
    inner join last_periods on retentions.retention_id = last_periods.retention_id

    union all

    select
        'path' as definition,
        path_id as definition_id,
        'session' as looks_from,
        case when scope <> 'user' and session_gap_seconds is null then 0 end as seconds_ahead
    from {{ ref('dim_paths') }}

    union all

    select
        'channel' as definition,
        'channels' as definition_id,
        'session' as looks_from,
        0 as seconds_ahead

    union all

    select
        'conversion' as definition,
        conversion_id as definition_id,
        'earliest' as looks_from,
        greatest(lookback_days, 32) * 86400 as seconds_ahead
    from {{ ref('dim_conversions') }}

    union all

    select
        'measure' as definition,
        measure_id as definition_id,
        'touched' as looks_from,
        0 as seconds_ahead
    from {{ ref('dim_campaign_measures') }}

    union all

    select
        'survival' as definition,
        survival_id as definition_id,
        'touched' as looks_from,
        0 as seconds_ahead
    from {{ ref('dim_survivals') }}

    union all

    select
        'feature' as definition,
        feature_id as definition_id,
        'touched' as looks_from,
        0 as seconds_ahead
    from {{ ref('dim_features') }}

    union all

    select
        'kpi' as definition,
        kpi_id as definition_id,
        'touched' as looks_from,
        0 as seconds_ahead
    from {{ ref('dim_kpis') }}
    where kind in ('count', 'users', 'sum')

),

-- Of which all users are computed: what says something else, or is gone; all of them, and what
-- hangs on none, where nothing was built before.
whole_definitions as (

    select
        definition,
        definition_id,
        true as is_whole
    from causes
    where definition is not null

    union

    select
        definitions.definition,
        definitions.definition_id,
        true as is_whole
    from definitions
    inner join causes on causes.reason = 'first_build'

    union

    -- Whoever is credited is a channel.
    select
        definitions.definition,
        definitions.definition_id,
        true as is_whole
    from definitions
    inner join causes on causes.definition = 'channel'
    where definitions.definition = 'conversion'

),

touched_definitions as (

    select definitions.*
    from definitions
    left join whole_definitions
        on definitions.definition is not distinct from whole_definitions.definition
        and definitions.definition_id is not distinct from whole_definitions.definition_id
    where whole_definitions.is_whole is null

),

touched_users as (

    select
        user_id,
        min(touched_from_at) as touched_from_at,
        min(counted_from_at) as counted_from_at,
        min(recompute_from_at) as recompute_from_at
    from causes
    where user_id is not null
    group by user_id

),

actors as (

    select distinct
        user_id,
        case when user_id is null then anonymous_id end as anonymous_id
    from {{ ref('stg_events') }}
    where exists (select 1 from whole_definitions)

),

-- With those who were somebody before this build.
users as (

    select coalesce(
        actors.user_id, links.user_id, {{ anonymous_user_id('actors.anonymous_id') }}
    ) as user_id
    from actors
    left join {{ ref('int_identity_links') }} as links on actors.anonymous_id = links.anonymous_id

    union

    select archived.user_id
    from (
        {{ archived_rows('arc_users', []) }}
    ) as archived

    union

    select user_id from touched_users

)

select
    whole_definitions.definition,
    whole_definitions.definition_id,
    users.user_id,
    {{ beginning() }} as from_at,
    {{ beginning() }} as reached_from_at
from whole_definitions
cross join users

union all

select
    definitions.definition,
    definitions.definition_id,
    users.user_id,
    users.touched_from_at as from_at,
    coalesce(
        {{ add_seconds(
            "case definitions.looks_from when 'counted' then users.counted_from_at"
            ~ " when 'session' then users.recompute_from_at"
            ~ " when 'earliest' then least(users.counted_from_at, users.recompute_from_at)"
            ~ " else users.touched_from_at end",
            '-definitions.seconds_ahead'
        ) }},
        {{ beginning() }}
    ) as reached_from_at
from touched_definitions as definitions
cross join touched_users as users
