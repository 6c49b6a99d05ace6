with

filters as (

    select
        filters.*,
        lower(operator) as operator_id
    from {{ source('seeds', 'filters') }} as filters

),

selectors as (

    select * from {{ ref('dim_selectors') }}

),

problems as (

    select
        row_number,
        'error' as severity,
        'definition ' || coalesce(definition, '(empty)') || ' is unknown' as problem,
        'give activity, funnel, retention or path' as mend
    from filters
    where definition is null
        or definition not in ('activity', 'funnel', 'retention', 'path')
    union all
    select
        row_number,
        'error' as severity,
        definition || ' ' || coalesce(definition_id, '(empty)') || ' is unknown'
            as problem,
        'give the id of one that its file defines' as mend
    from filters
    where
        definition in ('activity', 'funnel', 'retention', 'path')
        and not exists (
            select 1
            from selectors
            where
                selectors.definition = filters.definition
                and selectors.definition_id = filters.definition_id
        )
    union all
    select
        row_number,
        'error' as severity,
        'side ' || side || ' is none of ' || definition || ' ' || definition_id
            as problem,
        case definition
            when 'funnel' then 'give a step number, exclusion_<n>, or nothing for all'
            when 'retention' then 'give cohort, return, or nothing for both'
            when 'path' then 'give item, anchor (of an anchor_event), or nothing for both'
            else 'give activity, or nothing'
        end as mend
    from filters
    where
        side is not null
        and exists (
            select 1
            from selectors
            where
                selectors.definition = filters.definition
                and selectors.definition_id = filters.definition_id
        )
        and not exists (
            select 1
            from selectors
            where
                selectors.definition = filters.definition
                and selectors.definition_id = filters.definition_id
                and selectors.side = filters.side
        )
    union all
    select
        row_number,
        'error' as severity,
        'scope ' || scope || ' is unknown' as problem,
        'give event or user' as mend
    from filters
    where lower(scope) not in ('event', 'user')
    union all
    select
        row_number,
        'error' as severity,
        'property is empty' as problem,
        'give the name of a property, or of a column of the feed' as mend
    from filters
    where property is null
    union all
    select
        row_number,
        'error' as severity,
        'operator ' || coalesce(operator, '(empty)') || ' is unknown' as problem,
        'give is, is_not, contains, not_contains, matches, gt, gte, lt, lte, '
        || 'is_set or is_not_set' as mend
    from filters
    where
        operator_id is null
        or operator_id not in (
            'is', 'is_not', 'contains', 'not_contains', 'matches', 'gt', 'gte', 'lt',
            'lte', 'is_set', 'is_not_set'
        )
    union all
    select
        row_number,
        'error' as severity,
        'operator ' || operator || ' has no value' as problem,
        'give a value; for a missing property, ask is_set or is_not_set' as mend
    from filters
    where
        value is null
        and operator_id in (
            'is', 'is_not', 'contains', 'not_contains', 'matches', 'gt', 'gte', 'lt',
            'lte'
        )
    union all
    select
        row_number,
        'warning' as severity,
        'value ' || value || ' says nothing on ' || operator as problem,
        'leave it empty' as mend
    from filters
    where value is not null and operator_id in ('is_set', 'is_not_set')
    union all
    select
        row_number,
        'error' as severity,
        'value ' || value || ' is no regular expression' as problem,
        'mend the pattern; contains takes plain text' as mend
    from filters
    where
        operator_id = 'matches'
        and value is not null
        and {{ matches_pattern("''", 'value') }} is null

),

named as (

    select
        'filters.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
