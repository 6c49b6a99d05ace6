with

staged as (

    select max(coalesce(received_at, occurred_at)) as staged_through_at
    from {{ ref('stg_events') }}

    union all

    select data_through_at as staged_through_at
    from {{ ref('stg_horizon_floors') }}

),

active_days as (

    select event_date as activity_date
    from {{ ref('fct_events') }}
    where is_activity

    union all

    select activity_date
    from {{ archived('arc_user_days') }} as archived

),

bounds_of_activity as (

    select
        min(activity_date) as first_activity_date,
        max(activity_date) as last_activity_date
    from active_days

),

bounded as (

    select
        {% if horizon() -%}
        least(max(staged_through_at), {{ horizon() }}) as data_through_at
        {%- else -%}
        max(staged_through_at) as data_through_at
        {%- endif %}
    from staged

),

horizon as (

    select
        {{ local_date('bounded.data_through_at') }} as data_through_date,
        bounds_of_activity.first_activity_date,
        bounds_of_activity.last_activity_date,
        bounded.data_through_at
    from bounded
    cross join bounds_of_activity

)

select
    data_through_date,
    first_activity_date,
    last_activity_date,
    data_through_at
from horizon
