with

retentions as (

    select
        retentions.*,
        {{ bound_instant('from_at', is_end=false) }} as from_instant,
        {{ bound_instant('to_at', is_end=true) }} as to_instant,
        row_number() over (partition by retention_id order by row_number) as copy_number
    from {{ source('seeds', 'retentions') }} as retentions

),

bracket_parts as (

    select
        retentions.row_number,
        parts.position,
        trim(parts.part) as bracket,
        {{ whole_number(
            "trim(" ~ dbt.split_part('parts.part', "'-'", 1) ~ ")", most=1000
        ) }} as first_period,
        case
            when parts.part not like '%-%'
                then {{ whole_number('trim(parts.part)', most=1000) }}
            when parts.part not like '%-%-%' then {{ whole_number(
                "trim(" ~ dbt.split_part('parts.part', "'-'", 2) ~ ")", most=1000
            ) }}
        end as last_period
    from retentions
    {{ explode_with_position(
        split_text('retentions.brackets', ';'), 'parts', 'position', 'part'
    ) }}
    where retentions.brackets is not null

),

brackets as (

    select
        bracket_parts.*,
        lag(bracket) over (
            partition by row_number order by position
        ) as previous_bracket,
        lag(last_period) over (
            partition by row_number order by position
        ) as previous_last_period
    from bracket_parts

),

listed_properties as (

    select
        retentions.row_number,
        'breakdown' as purpose,
        {{ alternative('parts.part') }} as scoped_property
    from retentions
    {{ explode(alternatives('retentions.breakdown'), 'parts', 'part') }}
    where retentions.breakdown is not null

    union all

    select
        row_number,
        'value_property' as purpose,
        value_property as scoped_property
    from retentions
    where value_property is not null

),

asked_properties as (

    select
        listed_properties.*,
        scoped_property like 'event:_%' or scoped_property like 'user:_%' as is_scoped
    from listed_properties

),

problems as (

    select
        row_number,
        'error' as severity,
        'retention_id is empty' as problem,
        'give it an id' as mend
    from retentions
    where retention_id is null
    union all
    select
        row_number,
        'error' as severity,
        'retention ' || retention_id || ' stands here again' as problem,
        'give it an id of its own' as mend
    from retentions
    where retention_id is not null and copy_number > 1
    {% for column, values in [
        ('cohort_mode', ['first_ever', 'first_matching', 'recurring']),
        ('granularity', ['hour', 'day', 'week', 'month']),
        ('cohort_granularity', ['hour', 'day', 'week', 'month']),
        ('window_mode', ['calendar', 'rolling']),
        ('kind', ['on', 'on_or_after']),
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is unknown' as problem,
        'give {{ values | join(" or ") }}' as mend
    from retentions
    where lower({{ column }}) not in ('{{ values | join("', '") }}')
    {% endfor %}
    {% for column, most, default in [
        ('periods', 1000, 30), ('min_occurrences', 1000000000, 1),
        ('breakdown_limit', 1000000000, 25)
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is no whole number from 1 to {{ most }}'
            as problem,
        'give a whole number, or leave it empty for {{ default }}' as mend
    from retentions
    where
        {{ column }} is not null
        and {{ whole_number(column, most=most) }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'bracket ' || bracket || ' is none' as problem,
        'give the first and the last period, from 1 to 1000: 1-3;4-7;8' as mend
    from brackets
    where first_period is null or last_period is null or last_period < first_period
    union all
    select
        row_number,
        'error' as severity,
        'bracket ' || bracket || ' overlaps ' || previous_bracket as problem,
        'begin each bracket after the end of the one before' as mend
    from brackets
    where first_period <= previous_last_period
    union all
    select
        row_number,
        'warning' as severity,
        'periods ' || periods || ' says nothing beside brackets' as problem,
        'leave one of them empty' as mend
    from retentions
    where brackets is not null and periods is not null
    union all
    select
        row_number,
        'warning' as severity,
        'cohort_mode recurring gives one cohort a user where periods roll' as problem,
        'give window_mode calendar for a cohort in every period' as mend
    from retentions
    where lower(window_mode) = 'rolling' and lower(cohort_mode) = 'recurring'
    union all
    select
        row_number,
        'warning' as severity,
        'breakdown_limit says nothing without a breakdown' as problem,
        'give a breakdown, or leave it empty' as mend
    from retentions
    where breakdown is null and breakdown_limit is not null
    union all
    select
        row_number,
        'error' as severity,
        'breakdown ' || scoped_property || ' is no property' as problem,
        'give event:<property> or user:<property>, several by a bar' as mend
    from asked_properties
    where purpose = 'breakdown' and not is_scoped
    union all
    select
        row_number,
        'error' as severity,
        'value_property ' || scoped_property || ' is no property of an event' as problem,
        'give one event:<property> whose numbers are to be summed' as mend
    from asked_properties
    where
        purpose = 'value_property'
        and (not is_scoped or scoped_property not like 'event:%' or scoped_property like '%|%')
    union all
    select
        row_number,
        'warning' as severity,
        'cohort_granularity ' || cohort_granularity || ' is finer than granularity '
        || coalesce(granularity, 'day') as problem,
        'leave it empty, or give a coarser one: users of a ' || cohort_granularity
        || ' all have the ' || coalesce(granularity, 'day') || ' that it is in as period 0'
            as mend
    from retentions
    where
        coalesce(lower(window_mode), 'calendar') = 'calendar'
        and {{ granularity_order('cohort_granularity') }}
        < {{ granularity_order("coalesce(granularity, 'day')") }}
    {% for column, instant in [('from_at', 'from_instant'), ('to_at', 'to_instant')] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' cannot be read' as problem,
        'give a date (2024-05-31) or a time (2024-05-31T18:00:00Z)' as mend
    from retentions
    where {{ column }} is not null and {{ instant }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'to_at ' || to_at || ' is before from_at ' || from_at as problem,
        'give a to_at after from_at' as mend
    from retentions
    where to_instant < from_instant

),

named as (

    select
        'retentions.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
