{{ config(
    materialized='incremental',
    incremental_strategy='replace_recomputed',
    unique_key=['stickiness_id', 'user_id'],
    on_schema_change='fail',
    meta={'recomputed': {'by': 'stickiness', 'from': 'activity_date'}},
) }}
-- Only for definitions that days cannot answer: by the hour, or for a range that cuts a
-- day.
with

dim_stickiness as (

    select * from {{ ref('dim_stickiness') }} where needs_instants

),

fct_events as (

    select * from {{ ref('fct_events') }}

),

step_activity_events as (

    select * from {{ ref('step_activity_events') }}

),

counted_events as (

    select
        dim_stickiness.stickiness_id,
        fct_events.user_id,
        fct_events.event_date,
        fct_events.occurred_at
    from fct_events
    inner join dim_stickiness
        on
            dim_stickiness.activity_id = 'any'
            and fct_events.occurred_at
            >= coalesce(dim_stickiness.from_at, fct_events.occurred_at)
            and fct_events.occurred_at
            <= coalesce(dim_stickiness.to_at, fct_events.occurred_at)
    {{ join_recomputed('stickiness', 'fct_events', 'event_date', of='dim_stickiness') }}
    where fct_events.is_activity

    union all

    select
        dim_stickiness.stickiness_id,
        step_activity_events.user_id,
        step_activity_events.event_date,
        step_activity_events.occurred_at
    from step_activity_events
    inner join dim_stickiness
        on
            step_activity_events.activity_id = dim_stickiness.activity_id
            and dim_stickiness.activity_id <> 'any'
            and step_activity_events.occurred_at
            >= coalesce(dim_stickiness.from_at, step_activity_events.occurred_at)
            and step_activity_events.occurred_at
            <= coalesce(dim_stickiness.to_at, step_activity_events.occurred_at)
    {{ join_recomputed('stickiness', 'step_activity_events', 'event_date', of='dim_stickiness') }}

),

-- An hour of the reporting zone's clock, by the instant it began at: an hour that the
-- clock shows twice, when summer time ends, is two.
hours as (

    select
        stickiness_id,
        user_id,
        count(*) as event_count,
        event_date as activity_date,
        {{ local_hour_start('occurred_at') }} as hour_started_at
    from counted_events
    group by stickiness_id, user_id, event_date, hour_started_at

    {{ union_archived('arc_stickiness_hours', {
        'stickiness_id': 'key', 'user_id': 'key', 'event_count': 'sum',
        'activity_date': 'key', 'hour_started_at': 'key',
    }, recomputed={'by': 'stickiness', 'from': 'activity_date'}) }}

)

select * from hours
