{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['feature_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'adopter', 'from': 'eligible_at'}},
) }}
with

features as (

    select
        feature_id,
        adopt_uses,
        coalesce(released_at, {{ beginning() }}) as released_at,
        {{ local_date('coalesce(released_at, ' ~ beginning() ~ ')') }} as released_date
    from {{ ref('dim_features') }}

),

-- Of which any activity is enough: read by days, but for the day of the release.
of_any_activity as (

    select features.*
    from features
    inner join {{ ref('dim_selectors') }} as selectors
        on features.feature_id = selectors.definition_id
        and selectors.definition = 'feature'
        and selectors.side = 'eligible'
    where selectors.is_any_activity and not selectors.has_conditions

),

uses as (

    select uses.*
    from {{ ref('fct_feature_uses') }} as uses
    {{ join_recomputed('adopter', 'uses', 'occurred_at') }}

),

archived as (

    {{ archived_rows('arc_feature_adoptions', ['feature_id', 'eligible_at']) }}

),

signs as (

    select
        feature_id,
        user_id,
        occurred_at
    from uses

    union all

    select
        events.definition_id as feature_id,
        events.user_id,
        events.occurred_at
    from {{ ref('step_definition_events') }} as events
    inner join features
        on events.definition_id = features.feature_id
        and events.occurred_at >= features.released_at
    {{ join_recomputed('adopter', 'events', 'occurred_at', of='features') }}
    where events.definition = 'feature' and events.side = 'eligible'

    union all

    select
        of_any_activity.feature_id,
        days.user_id,
        days.first_event_at as occurred_at
    from {{ ref('fct_user_active_days') }} as days
    inner join of_any_activity on days.activity_date > of_any_activity.released_date
    {{ join_recomputed('adopter', 'days', 'first_event_at', of='of_any_activity') }}

    union all

    select
        of_any_activity.feature_id,
        events.user_id,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    inner join of_any_activity
        on events.event_date = of_any_activity.released_date
        and events.occurred_at >= of_any_activity.released_at
    {{ join_recomputed('adopter', 'events', 'occurred_at', of='of_any_activity') }}
    where events.is_activity

    union all

    select
        archived.feature_id,
        archived.user_id,
        archived.eligible_at as occurred_at
    from archived
    {{ join_recomputed('adopter', 'archived', 'eligible_at') }}

),

eligible as (

    select
        feature_id,
        user_id,
        min(occurred_at) as eligible_at
    from signs
    group by feature_id, user_id

),

numbered_uses as (

    select
        feature_id,
        user_id,
        occurred_at,
        row_number() over (
            partition by feature_id, user_id order by {{ event_order() }}
        ) as use_number
    from uses

),

adopted as (

    select
        numbered_uses.feature_id,
        numbered_uses.user_id,
        numbered_uses.occurred_at as adopted_at
    from numbered_uses
    inner join features
        on numbered_uses.feature_id = features.feature_id
        and numbered_uses.use_number = features.adopt_uses

)

select
    eligible.feature_id,
    eligible.user_id,
    {{ local_date('eligible.eligible_at') }} as eligible_date,
    {{ local_date('adopted.adopted_at') }} as adopted_date,
    eligible.eligible_at,
    adopted.adopted_at
from eligible
left join adopted
    on eligible.feature_id = adopted.feature_id
    and eligible.user_id = adopted.user_id
