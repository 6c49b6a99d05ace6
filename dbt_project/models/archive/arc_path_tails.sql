with

items as (

    select path_events.{{ model.columns | join(', path_events.') }}
    from {{ ref('fct_path_events') }} as path_events
    inner join {{ ref('dim_paths') }} as paths on path_events.path_id = paths.path_id
    where
        paths.scope = 'user'
        and paths.repeats = 'first'
        and path_events.occurred_at < {{ cut('cutoff_at') }}

    union all

    {{ archived_before() }}

),

ranked as (

    select
        items.*,
        row_number() over (
            partition by path_id, user_id order by {{ event_order(last_first=true) }}
        ) as number_from_end
    from items

)

select {{ model.columns | join(', ') }}
from ranked
where number_from_end = 1
