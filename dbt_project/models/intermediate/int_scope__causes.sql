{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_completed_causes() }}",
) }}
{#- Rows stay until a build has completed, because one that breaks off may have moved what they were
    found by, or computed something of definitions that are others by then. -#}
with

{% if is_incremental() -%}
touched_users as (

    select * from {{ ref('int_users_touched') }}

),

people as (

    select
        user_id,
        properties,
        created_at
    from {{ ref('int_users_latest') }}

),

known as (

    select
        user_id,
        properties,
        created_at
    from {{ rows_before('facts', 'dim_users') }}
    where properties is not null or created_at is not null

),

-- What is known of them is what `user:` conditions and breakdowns ask, of all their events.
changed_people as (

    select coalesce(people.user_id, known.user_id) as user_id
    from people
    full outer join known on people.user_id = known.user_id
    where
        people.properties is distinct from known.properties
        or people.created_at is distinct from known.created_at

),

changed_definitions as (

    select
        definition,
        definition_id,
        case
            when definition_hash is null then 'removed_definition'
            when computed_hash is null then 'new_definition'
            else 'changed_definition'
        end as reason
    from {{ ref('dim_definition_hashes') }}
    where definition_hash is null or definition_hash is distinct from computed_hash

),

{% endif -%}
causes as (

    {% if is_incremental() -%}
    select
        case when is_moved then 'identity' else 'events' end as reason,
        cast(null as {{ dbt.type_string() }}) as definition,
        cast(null as {{ dbt.type_string() }}) as definition_id,
        user_id,
        touched_from_at,
        counted_from_at,
        recompute_from_at
    from touched_users

    union all

    select
        'person' as reason,
        null as definition,
        null as definition_id,
        user_id,
        {{ beginning() }} as touched_from_at,
        {{ beginning() }} as counted_from_at,
        {{ beginning() }} as recompute_from_at
    from changed_people

    union all

    select
        reason,
        definition,
        definition_id,
        null as user_id,
        {{ beginning() }} as touched_from_at,
        {{ beginning() }} as counted_from_at,
        {{ beginning() }} as recompute_from_at
    from changed_definitions
    {%- else -%}
    select
        '{{ 'rebuild' if flags.FULL_REFRESH else 'first_build' }}' as reason,
        cast(null as {{ dbt.type_string() }}) as definition,
        cast(null as {{ dbt.type_string() }}) as definition_id,
        cast(null as {{ dbt.type_string() }}) as user_id,
        {{ beginning() }} as touched_from_at,
        {{ beginning() }} as counted_from_at,
        {{ beginning() }} as recompute_from_at
    {%- endif %}

)

-- depends_on: {{ ref('int_users_touched') }}
-- depends_on: {{ ref('int_users_latest') }}
-- depends_on: {{ ref('dim_definition_hashes') }}
select
    causes.*,
    {{ last_completed_at() }} as completed_before_at
from causes
