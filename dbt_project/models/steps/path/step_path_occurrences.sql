with

runs as (

    select of_all.*
    from {{ ref('fct_path_runs') }} as of_all
    {{ join_recomputed('path', 'of_all', 'occurred_at') }}

),

paths as (

    select * from {{ ref('dim_paths') }}

),

sessions as (

    select * from {{ ref('fct_sessions') }}

),

expiries as (

    select * from {{ ref('stg_expiries') }}

),

-- Who had the first occurrence before the cut-off of an expiry has no other.
archived as (

    {{ archived_rows('arc_first_events', ['definition', 'definition_id', 'side']) }}

),

anchors as (

    select
        runs.*,
        paths.occurrences,
        row_number() over (
            partition by runs.path_id, runs.user_id, runs.thread_id order by runs.run_number
        ) as anchor_number
    from runs
    inner join paths on runs.path_id = paths.path_id
    where paths.has_anchor and runs.is_anchor

),

ends as (

    select
        runs.*,
        row_number() over (
            partition by runs.path_id, runs.user_id, runs.thread_id order by runs.run_number desc
        ) as number_from_end
    from runs
    inner join paths on runs.path_id = paths.path_id
    where not paths.has_anchor and paths.direction = 'before'

),

{% set columns = ['path_id', 'user_id', 'thread_id', 'source_id', 'event_id', 'run_number',
    'thread_ended_at', 'occurred_at'] -%}
ordered as (

    select {{ columns | join(', ') }}
    from anchors
    where occurrences = 'every' or anchor_number = 1

    union all

    select {{ columns | join(', ') }}
    from ends
    where number_from_end = 1

    union all

    select runs.{{ columns | join(', runs.') }}
    from runs
    inner join paths on runs.path_id = paths.path_id
    where not paths.has_anchor and paths.direction <> 'before' and runs.run_number = 1

),

-- Without an anchor, a path hangs on the start of its session, or on the end.
anchored as (

    select
        ordered.path_id,
        ordered.user_id,
        ordered.thread_id,
        ordered.source_id,
        ordered.event_id,
        -- Without a gap of its own, a path's thread is the session.
        case when paths.session_gap_seconds is null then ordered.thread_id end as session_id,
        case
            when paths.has_anchor then ordered.run_number
            when paths.direction = 'before' then ordered.run_number + 1
            else 0
        end as anchor_run_number,
        case
            when paths.direction = 'after' then case when paths.has_anchor then 0 else 1 end
            else -paths.steps
        end as first_position,
        case
            when paths.direction = 'before' then case when paths.has_anchor then 0 else -1 end
            else paths.steps
        end as last_position,
        paths.scope,
        paths.direction,
        paths.session_gap_seconds,
        paths.window_seconds,
        ordered.thread_ended_at,
        ordered.occurred_at as anchor_at
    from ordered
    inner join paths on ordered.path_id = paths.path_id
    cross join expiries
    where
        ordered.occurred_at >= coalesce(expiries.paths_from_at, ordered.occurred_at)
        and not exists (
            select 1
            from archived
            where
                archived.definition = 'path'
                and archived.definition_id = ordered.path_id
                and archived.user_id = ordered.user_id
        )
        and ordered.occurred_at >= coalesce(paths.from_at, ordered.occurred_at)
        and ordered.occurred_at <= coalesce(paths.to_at, ordered.occurred_at)

),

-- From when on nothing can join any more. Before an anchor, all is past; an end that no
-- session or window sets never comes.
closed as (

    select
        anchored.*,
        case
            when anchored.scope = 'user' and anchored.direction = 'before'
                then anchored.anchor_at
            when anchored.scope = 'user'
                then {{ add_seconds('anchored.anchor_at', 'anchored.window_seconds') }}
            when anchored.session_gap_seconds is not null
                then {{ add_seconds('anchored.thread_ended_at', 'anchored.session_gap_seconds') }}
            else least(
                {{ dbt.dateadd('minute', var('session_gap_minutes'), 'sessions.ended_at') }},
                {{ dbt.dateadd('hour', var('session_max_hours'), 'sessions.started_at') }}
            )
        end as closed_at
    from anchored
    left join sessions on anchored.session_id = sessions.session_id

)

select
    closed.path_id,
    closed.user_id,
    closed.thread_id,
    closed.source_id,
    closed.event_id,
    row_number() over (
        partition by closed.path_id, closed.user_id
        order by closed.anchor_at, closed.source_id, closed.event_id
    ) as occurrence_number,
    closed.anchor_run_number,
    closed.first_position,
    closed.last_position,
    closed.window_seconds,
    closed.closed_at,
    closed.anchor_at
from closed
