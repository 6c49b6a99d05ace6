{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['feature_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'feature', 'from': 'occurred_at'}},
) }}
{%- set columns = [
    'feature_id', 'user_id', 'source_id', 'event_id', 'event_date', 'occurred_at',
] %}
with

names as (

    select
        names.definition_id as feature_id,
        names.event_name,
        case when features.is_told_by_id then features.feature_id end as told_id,
        selectors.has_conditions,
        features.released_at
    from {{ ref('dim_selector_names') }} as names
    inner join {{ ref('dim_selectors') }} as selectors
        on names.definition = selectors.definition
        and names.definition_id = selectors.definition_id
        and names.side = selectors.side
    inner join {{ ref('dim_features') }} as features on names.definition_id = features.feature_id
    where names.definition = 'feature' and names.side = 'use'

),

chosen_events as (

    select *
    from {{ ref('fct_definition_chosen_events') }}
    where definition = 'feature' and side = 'use'

),

-- What is no activity of its user, or was before the release, is no use.
named as (

    select
        names.feature_id,
        names.has_conditions,
        events.user_id,
        events.source_id,
        events.event_id,
        events.event_date,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    inner join names
        on events.event_name = names.event_name
        and (names.told_id is null or names.told_id = events.feature_id)
    {{ join_recomputed('feature', 'events', 'occurred_at', of='names') }}
    where
        events.is_activity
        and (names.released_at is null or events.occurred_at >= names.released_at)

)

select
    named.{{ columns | join(',\n    named.') }}
from named
left join chosen_events
    on named.feature_id = chosen_events.definition_id
    and named.source_id = chosen_events.source_id
    and named.event_id = chosen_events.event_id
where not named.has_conditions or chosen_events.event_id is not null

{{ union_archived('arc_feature_uses', columns, recomputed={'by': 'feature', 'from': 'occurred_at'}) }}
