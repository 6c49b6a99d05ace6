{{ config(materialized='incremental', incremental_strategy='replace_all') }}
with

touched_events as (

    select distinct
        user_id,
        anonymous_id,
        order_id,
        occurred_at
    from {{ ref('stg_events__touched') }}
    where occurred_at is not null

),

links as (

    select * from {{ ref('int_identity_links') }}

),

links_touched as (

    select * from {{ ref('int_identity_links__touched') }}

),

touched_orders as (

    select
        order_id,
        min(occurred_at) as touched_at
    from touched_events
    where order_id is not null
    group by order_id

),

-- A refund may come from somebody else than the order did.
order_events as (

    select
        coalesce(
            staged.user_id, links.user_id, {{ anonymous_user_id('staged.anonymous_id') }}
        ) as user_id,
        staged.order_id,
        touched_orders.touched_at,
        staged.occurred_at
    from {{ ref('stg_events') }} as staged
    inner join touched_orders on staged.order_id = touched_orders.order_id
    left join links
        on case when staged.user_id is null then staged.anonymous_id end = links.anonymous_id
    {% if horizon() -%}
    where staged.occurred_at <= {{ horizon() }}
    {%- endif %}

    union all

    select
        archived.user_id,
        archived.order_id,
        touched_orders.touched_at,
        archived.occurred_at
    from (
        {{ archived_rows('arc_order_amounts', ['order_id', 'occurred_at']) }}
    ) as archived
    inner join touched_orders on archived.order_id = touched_orders.order_id

),

orders as (

    select
        user_id,
        touched_at,
        min(occurred_at) over (partition by order_id) as ordered_at
    from order_events

),

{% set touched_device %}case when touched_events.user_id is null then touched_events.anonymous_id end{% endset -%}
instants as (

    select
        user_id,
        occurred_at,
        false as is_moved
    from touched_events
    where user_id is not null

    union all

    select
        coalesce(links.user_id, {{ anonymous_user_id('touched_events.anonymous_id') }}) as user_id,
        touched_events.occurred_at,
        false as is_moved
    from touched_events
    left join links on {{ touched_device }} = links.anonymous_id
    where touched_events.user_id is null and touched_events.anonymous_id is not null

    union all

    -- An anonymous id that belongs to another now takes its events with it.
    select
        links_touched.user_id,
        touched_events.occurred_at,
        true as is_moved
    from touched_events
    inner join links_touched on {{ touched_device }} = links_touched.anonymous_id

    union all

    select
        links_touched.user_id,
        staged.occurred_at,
        true as is_moved
    from {{ ref('stg_events') }} as staged
    inner join links_touched
        on case when staged.user_id is null then staged.anonymous_id end
        = links_touched.anonymous_id

    union all

    -- And what is archived of it, from the first day on.
    select
        links_touched.user_id,
        archived.first_event_at as occurred_at,
        true as is_moved
    from {{ archived('arc_users') }} as archived
    inner join links_touched
        on archived.user_id = {{ anonymous_user_id('links_touched.anonymous_id') }}

),

-- The amount of an order counts on the day of the order; the rest of what a user did is as it was
-- before the event that was touched.
dated_instants as (

    select
        user_id,
        occurred_at,
        occurred_at as counted_at,
        is_moved
    from instants

    union all

    select
        user_id,
        touched_at as occurred_at,
        least(touched_at, ordered_at) as counted_at,
        false as is_moved
    from orders

),

touched as (

    select
        user_id,
        min(occurred_at) as touched_from_at,
        min(counted_at) as counted_from_at,
        bool_or(is_moved) as is_moved
    from dated_instants
    group by user_id

),

-- A session that began before stays as it began: what comes after is decided from there on.
{% if is_incremental() -%}
last_starts as (

    select
        touched.user_id,
        max(starts.started_at) as started_at
    from touched
    inner join {{ rows_before('intermediate', 'int_session_starts') }} as starts
        on touched.user_id = starts.user_id
        and touched.touched_from_at > starts.started_at
    group by touched.user_id

),

recomputed as (

    select
        touched.user_id,
        touched.touched_from_at,
        touched.counted_from_at,
        coalesce(last_starts.started_at, touched.touched_from_at) as recompute_from_at,
        touched.is_moved
    from touched
    left join last_starts on touched.user_id = last_starts.user_id

)
{%- else -%}
recomputed as (

    select
        user_id,
        touched_from_at,
        counted_from_at,
        touched_from_at as recompute_from_at,
        is_moved
    from touched

)
{%- endif %},

dated as (

    select
        recomputed.*,
        {{ local_date('least(recompute_from_at, counted_from_at)') }} as recompute_from_date
    from recomputed

),

-- The last active day before: the day after it, in the user's life, may be another now.
last_days as (

    {% if is_incremental() -%}
    select
        dated.user_id,
        max(user_days.activity_date) as activity_date
    from dated
    inner join {{ rows_before('facts', 'fct_user_active_days') }} as user_days
        on dated.user_id = user_days.user_id
        and dated.recompute_from_date > user_days.activity_date
    group by dated.user_id
    {%- else -%}
    select
        user_id,
        cast(null as date) as activity_date
    from dated
    {%- endif %}

)

select
    dated.user_id,
    coalesce(last_days.activity_date, dated.recompute_from_date) as last_active_date,
    dated.recompute_from_date,
    dated.touched_from_at,
    dated.counted_from_at,
    dated.recompute_from_at,
    dated.is_moved
from dated
left join last_days on dated.user_id = last_days.user_id
