{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_completed_loads() }}",
) }}
{#- What was known of people before this build is read without `ref`: it is the past of a table
    that is made after this one. Rows stay until a build has completed, because one that breaks
    off may have moved that past already. -#}
{%- set known = adapter.get_relation(this.database, 'facts', 'dim_users') -%}
with

touched_users as (

    select
        user_id,
        touched_from_at,
        counted_from_at,
        recompute_from_at
    from {{ ref('int_users_touched') }}

),

people as (

    select
        user_id,
        properties,
        created_at
    from {{ ref('int_users_latest') }}

),

latest as (

    select coalesce(max(load_id), 0) as load_id
    from (
        select load_id from {{ ref('stg_ingest_ledger') }}
        union all
        select load_id from {{ ref('stg_events__touched') }}
    ) as loads

),

{% if is_incremental() and known is not none -%}
known as (

    select
        user_id,
        properties,
        created_at
    from {{ known }}
    where properties is not null or created_at is not null

),

-- What is known of them is what `user:` conditions and breakdowns ask, of all their events.
changed as (

    select
        coalesce(people.user_id, known.user_id) as user_id,
        {{ beginning() }} as touched_from_at,
        {{ beginning() }} as counted_from_at,
        {{ beginning() }} as recompute_from_at
    from people
    full outer join known on people.user_id = known.user_id
    where
        people.properties is distinct from known.properties
        or people.created_at is distinct from known.created_at

),

{% endif -%}
recomputed as (

    select * from touched_users
    {% if is_incremental() and known is not none -%}
    union all
    select * from changed
    {%- endif %}

)

select
    recomputed.user_id,
    latest.load_id,
    recomputed.touched_from_at,
    recomputed.counted_from_at,
    recomputed.recompute_from_at
from recomputed
cross join latest
