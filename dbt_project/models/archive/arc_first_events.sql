with

first_times as (

    select
        definition,
        definition_id,
        side,
        user_id
    from {{ ref('step_definition_candidates') }}
    where first_time = 'event' and occurred_at < {{ cut('cutoff_at') }}

    union all

    select
        chosen_events.definition,
        chosen_events.definition_id,
        chosen_events.side,
        chosen_events.user_id
    from {{ ref('fct_definition_chosen_events') }} as chosen_events
    inner join {{ ref('dim_selectors') }} as selectors
        on chosen_events.definition = selectors.definition
        and chosen_events.definition_id = selectors.definition_id
        and chosen_events.side = selectors.side
    where
        selectors.first_time = 'matching' and chosen_events.occurred_at < {{ cut('cutoff_at') }}

    union all

    select
        'path' as definition,
        path_runs.path_id as definition_id,
        'anchor' as side,
        path_runs.user_id
    from {{ ref('fct_path_runs') }} as path_runs
    inner join {{ ref('dim_paths') }} as paths on path_runs.path_id = paths.path_id
    where
        paths.scope = 'user'
        and paths.occurrences = 'first'
        and path_runs.is_anchor
        and path_runs.occurred_at < {{ cut('paths_from_at') }}

    union all

    {{ archived_before() }}

)

select distinct * from first_times
