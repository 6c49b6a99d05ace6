with

staged as (

    select max(coalesce(received_at, occurred_at)) as staged_through_at
    from {{ ref('stg_events') }}

    union all

    select data_through_at as staged_through_at
    from {{ ref('stg_horizon_floors') }}

),

user_days as (

    select
        min(activity_date) as first_activity_date,
        max(activity_date) as last_activity_date
    from {{ ref('fct_user_days') }}

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
        user_days.first_activity_date,
        user_days.last_activity_date,
        bounded.data_through_at
    from bounded
    cross join user_days

)

select
    data_through_date,
    first_activity_date,
    last_activity_date,
    data_through_at
from horizon
