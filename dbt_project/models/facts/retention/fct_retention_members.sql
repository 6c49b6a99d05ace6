{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['retention_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'member', 'from': 'cohort_event_at'}},
) }}
with

definition_events as (

    select
        events.*,
        events.definition_id as retention_id
    from {{ ref('step_definition_events') }} as events
    where events.definition = 'retention' and events.side = 'cohort'

),

definition_values as (

    select of_all.*
    from {{ ref('fct_definition_values') }} as of_all
    {{ join_recomputed('definition', 'of_all', 'occurred_at') }}
    where of_all.definition = 'retention' and of_all.purpose = 'breakdown'

),

events as (

    select * from {{ ref('fct_events') }}

),

user_days as (

    select * from {{ ref('fct_user_active_days') }}

),

retentions as (

    select * from {{ ref('dim_retentions') }}

),

selectors as (

    select
        selectors.*,
        selectors.definition_id as retention_id
    from {{ ref('dim_selectors') }} as selectors
    where selectors.definition = 'retention' and selectors.side = 'cohort'

),

first_days as (

    select
        user_id,
        min(activity_date) as activity_date,
        min(first_event_at) as first_event_at
    from user_days
    where {{ is_recomputed('retention_user', 'user_days') }}
    group by user_id

),

archived as (

    select
        retention_id,
        user_id,
        min(breakdown_value) as breakdown_value,
        cohort_event_at
    from (
        {{ archived_rows(
            'arc_retention_members',
            ['retention_id', 'breakdown_value', 'cohort_event_at']
        ) }}
    ) as rows_of_ids
    group by retention_id, user_id, cohort_event_at

),

cohort_events as (

    select
        archived.retention_id,
        archived.user_id,
        null as source_id,
        null as event_id,
        {{ local_date('archived.cohort_event_at') }} as event_date,
        archived.cohort_event_at as occurred_at
    from archived
    {{ join_recomputed('cohort', 'archived', 'cohort_event_at') }}

    union all

    select
        definition_events.retention_id,
        definition_events.user_id,
        definition_events.source_id,
        definition_events.event_id,
        definition_events.event_date,
        definition_events.occurred_at
    from definition_events
    {{ join_recomputed('cohort', 'definition_events', 'occurred_at') }}

    union all

    -- Any activity, every cohort period.
    select
        selectors.retention_id,
        events.user_id,
        events.source_id,
        events.event_id,
        events.event_date,
        events.occurred_at
    from events
    cross join selectors
    {{ join_recomputed('cohort', 'events', 'occurred_at', of='selectors') }}
    where
        events.is_activity
        and selectors.is_any_activity
        and not selectors.has_conditions
        and not selectors.is_read_by_day
        and selectors.first_time is null

    union all

    select
        selectors.retention_id,
        user_days.user_id,
        null as source_id,
        null as event_id,
        user_days.activity_date as event_date,
        user_days.first_event_at as occurred_at
    from user_days
    cross join selectors
    {{ join_recomputed('cohort', 'user_days', 'first_event_at', of='selectors') }}
    where selectors.is_read_by_day and selectors.first_time is null

    union all

    select
        selectors.retention_id,
        first_days.user_id,
        null as source_id,
        null as event_id,
        first_days.activity_date as event_date,
        first_days.first_event_at as occurred_at
    from first_days
    cross join selectors
    where selectors.is_read_by_day and selectors.first_time is not null

),

placed as (

    select
        cohort_events.*,
        retentions.granularity,
        retentions.cohort_granularity,
        retentions.window_mode,
        {{ period_index(
            'retentions.cohort_granularity', 'cohort_events.event_date', 'cohort_events.occurred_at'
        ) }} as cohort_index
    from cohort_events
    inner join retentions on cohort_events.retention_id = retentions.retention_id
    where
        (retentions.from_at is null or cohort_events.occurred_at >= retentions.from_at)
        and (retentions.to_at is null or cohort_events.occurred_at <= retentions.to_at)
        {%- if is_incremental() %}
        -- Who has the one cohort of rolling periods already has no other.
        and not exists (
            select 1
            from {{ this }} as kept
            {{ join_kept('member', 'kept', 'cohort_event_at') }}
            where
                retentions.window_mode = 'rolling'
                and kept.retention_id = cohort_events.retention_id
                and kept.user_id = cohort_events.user_id
        )
        {%- endif %}

),

-- The first cohort event of each cohort period; of all of them where periods roll.
ranked as (

    select
        placed.*,
        row_number() over (
            partition by
                retention_id,
                user_id,
                case when window_mode = 'calendar' then cohort_index end
            order by {{ event_order() }}
        ) as event_number
    from placed

),

members as (

    select
        ranked.retention_id,
        ranked.user_id,
        ranked.source_id,
        ranked.event_id,
        ranked.granularity,
        ranked.window_mode,
        ranked.cohort_index,
        {{ period_index('ranked.granularity', 'ranked.event_date', 'ranked.occurred_at') }}
            as period_index,
        {{ period_start_at('ranked.cohort_granularity', 'ranked.event_date', 'ranked.occurred_at') }}
            as cohort_start_at,
        ranked.occurred_at as cohort_event_at
    from ranked
    where ranked.event_number = 1

)

select
    members.retention_id,
    members.user_id,
    members.granularity,
    members.window_mode,
    coalesce(definition_values.property_value, archived.breakdown_value) as breakdown_value,
    members.period_index,
    members.cohort_index,
    {{ local_date('members.cohort_start_at') }} as cohort_start_date,
    members.cohort_start_at,
    members.cohort_event_at
from members
left join definition_values
    on members.retention_id = definition_values.definition_id
    and members.source_id = definition_values.source_id
    and members.event_id = definition_values.event_id
left join archived
    on members.retention_id = archived.retention_id
    and members.user_id = archived.user_id
    and members.cohort_event_at = archived.cohort_event_at
{{ join_recomputed('member', 'members', 'cohort_event_at') }}
