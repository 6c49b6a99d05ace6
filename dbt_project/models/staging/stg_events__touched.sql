{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_completed_loads() }}",
) }}
{#- Rows of a load that is no longer in the ledger (its file was replaced or withdrawn) are about to
    go. -#}
{%- set staged = rows_before('staging', 'stg_events') -%}
{%- set duplicates = rows_before('staging', 'stg_events__duplicates') -%}
with

files as (

    select load_id from {{ source('raw', 'ingest_files') }}

),

restated_days as (

    select
        restated_date,
        load_id
    from {{ source('raw', 'restated_days') }}

),

latest as (

    select coalesce(max(load_id), 0) as load_id
    from (
        select load_id from files
        union all
        select load_id from restated_days
    ) as loads

),

wanted_days as (

    select distinct restated_date
    from restated_days
    where {{ 'load_id > ' ~ completed_load_id() if is_incremental() else '1 = 0' }}

),

arrived as (

    select
        source_id,
        event_id,
        user_id,
        anonymous_id,
        order_id,
        load_id as source_load_id,
        occurred_at
    from {{ ref('stg_events__typed') }}
    where
        {{ 'load_id > ' ~ completed_load_id() if is_incremental() else '1 = 0' }}

),

{% if is_incremental() -%}
-- By load first, of which there are few: rows are read where one has left.
left_loads as (

    select load_id
    from (
        select distinct load_id from {{ staged }}
        union
        select distinct load_id from {{ duplicates }}
    ) as loads
    where load_id not in (select files.load_id from files)

),

leaving as (

    select
        staged.source_id,
        {{ given_event_id('staged') }} as event_id,
        staged.user_id,
        staged.anonymous_id,
        staged.order_id,
        cast(null as bigint) as source_load_id,
        staged.occurred_at
    from {{ staged }} as staged
    where staged.load_id in (select left_loads.load_id from left_loads)

    union all

    select
        duplicates.source_id,
        {{ given_event_id('duplicates') }} as event_id,
        null as user_id,
        null as anonymous_id,
        null as order_id,
        null as source_load_id,
        null as occurred_at
    from {{ duplicates }} as duplicates
    where duplicates.load_id in (select left_loads.load_id from left_loads)

),

-- What raw has of the days, and what staging has that raw has not.
restated as (

    select
        typed.source_id,
        typed.event_id,
        typed.user_id,
        typed.anonymous_id,
        typed.order_id,
        typed.load_id as source_load_id,
        typed.occurred_at
    from {{ ref('stg_events__typed') }} as typed
    where {{ local_date('typed.occurred_at') }} in (
        select wanted_days.restated_date from wanted_days
    )

    union all

    select
        staged.source_id,
        {{ given_event_id('staged') }} as event_id,
        staged.user_id,
        staged.anonymous_id,
        staged.order_id,
        staged.load_id as source_load_id,
        staged.occurred_at
    from {{ staged }} as staged
    where {{ local_date('staged.occurred_at') }} in (
        select wanted_days.restated_date from wanted_days
    )

),

-- Loads and days are asked for by `in` above: DuckDB takes a join to give more rows than are staged,
-- and would hash all of these below, 12 times the work.
named_ids as (

    select
        source_id,
        event_id
    from arrived

    union

    select
        source_id,
        event_id
    from leaving

    union

    select
        source_id,
        event_id
    from restated

),

-- What arrives or leaves may change which row stands, and which of the events that share an id
-- goes by it: whoever these rows gave the event to, and the order that it was of, may lose it.
standing as (

    select
        staged.source_id,
        staged.event_id,
        staged.user_id,
        staged.anonymous_id,
        staged.order_id,
        staged.load_id as source_load_id,
        staged.occurred_at
    from {{ staged }} as staged
    inner join named_ids
        on staged.source_id = named_ids.source_id
        and {{ given_event_id('staged') }} = named_ids.event_id

),

touched_ids as (

    select
        source_id,
        event_id
    from named_ids

    union

    select
        source_id,
        event_id
    from standing

),

-- All their copies, one of which may be staged now; and their loads, because what is computed again
-- reads these alone. A build that broke off may have moved a copy from one table to the other; so
-- both are asked. The loop: they are read alike.
copies as (

    {% for copies in [staged, duplicates] if copies is not none -%}
    select
        touched_ids.source_id,
        touched_ids.event_id,
        copies.user_id,
        copies.anonymous_id,
        copies.order_id,
        copies.load_id as source_load_id,
        copies.occurred_at
    from {{ copies }} as copies
    inner join touched_ids
        on copies.source_id = touched_ids.source_id
        and {{ given_event_id('copies') }} = touched_ids.event_id
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

{% endif -%}
touched as (

    select * from arrived
    {% if is_incremental() -%}
    union all
    select * from leaving
    union all
    select * from restated
    union all
    select * from standing
    union all
    select * from copies
    {% endif %}

)

select
    touched.source_id,
    touched.event_id,
    touched.user_id,
    touched.anonymous_id,
    touched.order_id,
    touched.source_load_id,
    latest.load_id,
    touched.occurred_at
from touched
cross join latest
