-- A view: the days of fct_user_active_days once for each definition, which nothing needs to
-- keep.
{{ config(materialized='view') }}
with

dim_stickiness as (

    select
        stickiness_id,
        activity_id,
        interval_unit,
        period,
        min_occurrences,
        max_occurrences,
        interval_size,
        needs_instants,
        coalesce(from_date, cast('0001-01-01' as date)) as from_date,
        coalesce(to_date, cast('9999-12-31' as date)) as to_date
    from {{ ref('dim_stickiness') }}

),

user_days as (

    select * from {{ ref('fct_user_active_days') }}

),

fct_activity_days as (

    select * from {{ ref('fct_activity_days') }}

),

fct_stickiness_hours as (

    select * from {{ ref('fct_stickiness_hours') }}

),

activities as (

    select
        dim_stickiness.stickiness_id,
        dim_stickiness.interval_unit,
        dim_stickiness.period,
        dim_stickiness.min_occurrences,
        dim_stickiness.max_occurrences,
        dim_stickiness.interval_size,
        user_days.user_id,
        user_days.event_count,
        user_days.activity_date,
        cast(null as timestamp) as hour_started_at
    from user_days
    inner join dim_stickiness
        on
            dim_stickiness.activity_id = 'any'
            and not dim_stickiness.needs_instants
            and user_days.activity_date >= dim_stickiness.from_date
            and user_days.activity_date <= dim_stickiness.to_date
    union all
    select
        dim_stickiness.stickiness_id,
        dim_stickiness.interval_unit,
        dim_stickiness.period,
        dim_stickiness.min_occurrences,
        dim_stickiness.max_occurrences,
        dim_stickiness.interval_size,
        fct_activity_days.user_id,
        fct_activity_days.event_count,
        fct_activity_days.activity_date,
        cast(null as timestamp) as hour_started_at
    from fct_activity_days
    inner join dim_stickiness
        on
            fct_activity_days.activity_id = dim_stickiness.activity_id
            and not dim_stickiness.needs_instants
            and fct_activity_days.activity_date >= dim_stickiness.from_date
            and fct_activity_days.activity_date <= dim_stickiness.to_date
    union all
    select
        fct_stickiness_hours.stickiness_id,
        dim_stickiness.interval_unit,
        dim_stickiness.period,
        dim_stickiness.min_occurrences,
        dim_stickiness.max_occurrences,
        dim_stickiness.interval_size,
        fct_stickiness_hours.user_id,
        fct_stickiness_hours.event_count,
        fct_stickiness_hours.activity_date,
        fct_stickiness_hours.hour_started_at
    from fct_stickiness_hours
    inner join dim_stickiness
        on fct_stickiness_hours.stickiness_id = dim_stickiness.stickiness_id

)

select * from activities
