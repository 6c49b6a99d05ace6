with

exports as (

    select * from {{ ref('step_audience_exports') }}

),

-- Received as well as done; of those whose events have expired the first is known alone.
events as (

    select
        user_id,
        greatest(occurred_at, coalesce(received_at, occurred_at)) as known_at
    from {{ ref('fct_events') }}

    union all

    select
        user_id,
        first_event_at as known_at
    from (
        {{ archived_rows('arc_users', ['first_event_at']) }}
    ) as archived

),

known as (

    select
        user_id,
        min(known_at) as known_at
    from events
    where known_at <= (select max(exports.export_at) from exports)
    group by user_id

),

-- The latest version that there was at an instant: none after it, in their order, was there by then.
-- What a call told stays.
versions as (

    select
        user_id,
        properties,
        content_hash,
        precedence,
        created_at,
        updated_at,
        there_from_at,
        coalesce(
            min(case when is_whole then there_from_at end) over (
                partition by user_id, is_whole
                order by updated_at nulls first, content_hash
                rows between 1 following and unbounded following
            ),
            cast('9999-12-31' as timestamp)
        ) as there_to_at
    from (
        select
            user_rows.*,
            greatest(
                coalesce(created_at, {{ beginning() }}), coalesce(updated_at, {{ beginning() }})
            ) as there_from_at
        from {{ ref('stg_feed__users') }} as user_rows
    ) as user_rows

),

first_versions as (

    select
        user_id,
        min(there_from_at) as there_from_at
    from versions
    group by user_id

),

instants as (

    select distinct export_at from exports

),

there as (

    select
        instants.export_at,
        versions.*
    from instants
    inner join versions
        on instants.export_at >= versions.there_from_at
        and instants.export_at < versions.there_to_at

),

told as (

    {{ known_of_users('there', ['export_at']) | indent(4) }}

),

people as (

    select
        export_at,
        user_id,
        properties,
        created_at
    from told

    union all

    -- Before anything tells of them.
    select
        instants.export_at,
        known.user_id,
        cast(null as {{ dbt.type_string() }}) as properties,
        cast(null as timestamp) as created_at
    from instants
    inner join known on instants.export_at >= known.known_at
    left join first_versions on known.user_id = first_versions.user_id
    where
        first_versions.there_from_at is null
        or instants.export_at < first_versions.there_from_at

)

select
    exports.audience_id,
    exports.export_at,
    people.user_id,
    people.properties,
    people.created_at
from exports
inner join people on exports.export_at = people.export_at
