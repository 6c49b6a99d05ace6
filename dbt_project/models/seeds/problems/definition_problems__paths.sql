with

paths as (

    select
        paths.*,
        {{ bound_instant('from_at', is_end=false) }} as from_instant,
        {{ bound_instant('to_at', is_end=true) }} as to_instant,
        anchor_event is not null or anchor_item is not null as has_anchor,
        coalesce(lower(scope), 'session') as scope_id,
        row_number() over (partition by path_id order by row_number) as copy_number
    from {{ source('seeds', 'paths') }} as paths

),

listed_properties as (

    select
        paths.row_number,
        {{ alternative('parts.part') }} as scoped_property
    from paths
    {{ explode(alternatives('paths.item_property'), 'parts', 'part') }}
    where paths.item_property is not null

),

-- What the tracking plan calls no activity stands in no session.
sessionless as (

    select distinct
        paths.row_number,
        names.event_name
    from paths
    inner join {{ ref('dim_selector_names') }} as names
        on names.definition = 'path' and paths.path_id = names.definition_id
    inner join {{ ref('dim_event_names') }} as event_names
        on names.event_name = event_names.event_name
    where
        not event_names.is_activity
        and paths.scope_id = 'session'
        and paths.session_gap_seconds is null

),

problems as (

    select
        row_number,
        'error' as severity,
        'path_id is empty' as problem,
        'give it an id' as mend
    from paths
    where path_id is null
    union all
    select
        row_number,
        'error' as severity,
        'path ' || path_id || ' stands here again' as problem,
        'give it an id of its own' as mend
    from paths
    where path_id is not null and copy_number > 1
    {% for column, values in [
        ('direction', ['after', 'before', 'both']),
        ('repeats', ['each', 'first', 'last']),
        ('occurrences', ['every', 'first']),
        ('scope', ['session', 'user']),
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is unknown' as problem,
        'give {{ values | join(" or ") }}' as mend
    from paths
    where lower({{ column }}) not in ('{{ values | join("', '") }}')
    {% endfor %}
    {% for column, most, default in [
        ('steps', 50, '5'),
        ('session_gap_seconds', 100000000000, 'the sessions of the warehouse'),
        ('window_seconds', 100000000000, '14 days in scope user, no limit in a session'),
        ('item_limit', 1000000000, '50'),
        ('sequence_limit', 1000000000, '1000'),
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is no whole number from 1 to {{ most }}'
            as problem,
        'give a whole number, or leave it empty for {{ default }}' as mend
    from paths
    where
        {{ column }} is not null
        and {{ whole_number(column, 'bigint', most=most) }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'item_property ' || scoped_property || ' is no property' as problem,
        'give event:<property> or user:<property>, several by a bar' as mend
    from listed_properties
    where not (scoped_property like 'event:_%' or scoped_property like 'user:_%')
    union all
    select
        row_number,
        'error' as severity,
        'direction both has nothing to stand around' as problem,
        'give an anchor_event or anchor_item, or direction after or before' as mend
    from paths
    where lower(direction) = 'both' and not has_anchor
    union all
    select
        row_number,
        'error' as severity,
        'scope user has no end that a path could lead up to' as problem,
        'give an anchor_event or anchor_item, or scope session' as mend
    from paths
    where lower(direction) = 'before' and scope_id = 'user' and not has_anchor
    union all
    select
        row_number,
        'error' as severity,
        'the last of a run is never sure in scope user' as problem,
        'give repeats first, or scope session' as mend
    from paths
    where lower(repeats) = 'last' and scope_id = 'user'
    union all
    select
        row_number,
        'error' as severity,
        'event ' || event_name || ' is no activity and stands in no session' as problem,
        'give scope user, or session_gap_seconds for sessions of these events' as mend
    from sessionless
    union all
    select
        row_number,
        'warning' as severity,
        'session_gap_seconds says nothing in scope user' as problem,
        'leave it empty, or give scope session' as mend
    from paths
    where session_gap_seconds is not null and scope_id = 'user'
    union all
    select
        row_number,
        'warning' as severity,
        'occurrences says nothing without an anchor' as problem,
        'give an anchor_event or anchor_item, or leave it empty' as mend
    from paths
    where occurrences is not null and not has_anchor
    {% for column, instant in [('from_at', 'from_instant'), ('to_at', 'to_instant')] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' cannot be read' as problem,
        'give a date (2024-05-31) or a time (2024-05-31T18:00:00Z)' as mend
    from paths
    where {{ column }} is not null and {{ instant }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'to_at ' || to_at || ' is before from_at ' || from_at as problem,
        'give a to_at after from_at' as mend
    from paths
    where to_instant < from_instant

),

named as (

    select
        'paths.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
