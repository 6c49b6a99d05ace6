with

path_events as (

    select * from {{ ref('fct_path_events') }}

),

paths as (

    select * from {{ ref('dim_paths') }}

),

{% set columns = ['path_id', 'user_id', 'source_id', 'event_id', 'item', 'is_anchor',
    'occurred_at'] -%}
items as (

    select path_events.{{ columns | join(', path_events.') }}
    from path_events
    inner join paths on path_events.path_id = paths.path_id
    where
        paths.scope = 'user'
        and paths.repeats = 'first'
        and path_events.occurred_at < {{ cut('cutoff_at') }}

    union all

    select {{ columns | join(', ') }}
    from {{ archived('arc_path_tails') }} as archived

),

ranked as (

    select
        items.*,
        row_number() over (
            partition by path_id, user_id order by {{ event_order(last_first=true) }}
        ) as number_from_end
    from items

)

select {{ columns | join(', ') }}
from ranked
where number_from_end = 1
