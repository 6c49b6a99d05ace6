{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'settled_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    {{ opened_events(['exposure', 'click'], var('click_window_seconds')) }}

)

select
    user_id,
    content_id,
    max(case when role = 'exposure' then source_id end) as source_id,
    max(case when role = 'exposure' then event_id end) as event_id,
    max(position) as position,
    bool_or(role = 'click') as is_clicked,
    {{ local_date('opened_at') }} as exposure_date,
    opened_at as exposed_at,
    settled_at
from events
group by user_id, content_id, opening_number, opened_at, settled_at
