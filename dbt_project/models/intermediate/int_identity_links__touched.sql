{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_completed_loads() }}",
) }}
-- A build that goes on after one that broke off keeps what that one noted.
with

owners as (

    select
        anonymous_id,
        user_id
    from {{ ref('int_identity_pairs') }}
    where is_owner

),

latest as (

    select coalesce(max(load_id), 0) as load_id from {{ ref('stg_events__touched') }}

),

links_before as (

    {% if is_incremental() -%}
    select
        anonymous_id,
        user_id
    from {{ rows_before('intermediate', 'int_identity_links') }}
    {%- else -%}
    select
        anonymous_id,
        user_id
    from owners
    {%- endif %}

),

moved as (

    select
        coalesce(owners.anonymous_id, links_before.anonymous_id) as anonymous_id,
        owners.user_id as user_id_now,
        links_before.user_id as user_id_before
    from owners
    full outer join links_before on owners.anonymous_id = links_before.anonymous_id
    where owners.user_id is distinct from links_before.user_id

),

actors as (

    select
        anonymous_id,
        coalesce(user_id_now, {{ anonymous_user_id('anonymous_id') }}) as user_id
    from moved

    union

    select
        anonymous_id,
        coalesce(user_id_before, {{ anonymous_user_id('anonymous_id') }}) as user_id
    from moved

)

select
    actors.anonymous_id,
    actors.user_id,
    latest.load_id
from actors
cross join latest
