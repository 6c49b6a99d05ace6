{{ config(
    materialized='incremental',
    incremental_strategy='replace_touched',
    unique_key=['user_id'],
    meta={'touched': 'int_users_touched', 'from': {'occurred_at': 'recompute_from_at'}},
    on_schema_change='fail',
) }}
with

touched_users as (

    select * from {{ ref('int_users_touched') }}

),

events as (

    select
        users.user_number,
        codes.event_code,
        events.user_id,
        events.source_id,
        events.event_id,
        events.event_date,
        events.occurred_at
    from {{ ref('fct_events') }} as events
    {{ join_touched('events', 'occurred_at') }}
    inner join {{ ref('dim_user_numbers') }} as users on events.user_id = users.user_id
    inner join {{ ref('dim_event_codes') }} as codes on events.event_name = codes.event_name

),

placed as (

    select
        events.*,
        row_number() over (
            partition by user_number, occurred_at
            order by source_id, event_id
        ) as place,
        count(*) over (
            partition by user_number, occurred_at
            order by source_id, event_id
            rows between unbounded preceding and unbounded following
        ) as shared_by
    from events

)

-- Few events share their instant, and they alone are told apart by their ids: the ids of all of
-- them are most of a table.
select
    user_number,
    event_code,
    user_id,
    case when shared_by > 1 then source_id end as source_id,
    case when shared_by > 1 then event_id end as event_id,
    cast(case when shared_by > 1 then place else 0 end as integer) as instant_place,
    event_date,
    occurred_at
from placed
order by user_number, occurred_at, instant_place
