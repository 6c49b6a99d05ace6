with

funnels as (

    select
        funnels.*,
        {{ bound_instant('from_at', is_end=false) }} as from_instant,
        {{ bound_instant('to_at', is_end=true) }} as to_instant,
        row_number() over (partition by funnel_id order by row_number) as copy_number
    from {{ source('seeds', 'funnels') }} as funnels

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

listed_properties as (

    select
        funnels.row_number,
        'breakdown' as purpose,
        {{ alternative('parts.part') }} as scoped_property
    from funnels
    {{ explode(alternatives('funnels.breakdown'), 'parts', 'part') }}
    where funnels.breakdown is not null

    union all
    select
        funnels.row_number,
        'hold_constant' as purpose,
        {{ alternative('parts.part') }} as scoped_property
    from funnels
    {{ explode(alternatives('funnels.hold_constant'), 'parts', 'part') }}
    where funnels.hold_constant is not null

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
        'funnel_id is empty' as problem,
        'give it an id' as mend
    from funnels
    where funnel_id is null
    union all
    select
        row_number,
        'error' as severity,
        'funnel ' || funnel_id || ' stands here again' as problem,
        'give it an id of its own' as mend
    from funnels
    where funnel_id is not null and copy_number > 1
    union all
    select
        row_number,
        'error' as severity,
        'funnel ' || funnel_id || ' has no steps' as problem,
        'add its steps to funnel_steps.csv' as mend
    from funnels
    where
        funnel_id is not null
        and funnel_id not in (select funnel_id from steps)
    {% for column, values in [
        ('order_mode', ['ordered', 'strict', 'any']),
        ('count_by', ['users', 'attempts']),
        ('ties', ['together', 'later']),
        (
            'conversion_time',
            ['counted_attempt', 'first_completion', 'mean_of_furthest'],
        ),
        ('when_void', ['leave', 'ignore']),
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is unknown' as problem,
        'give {{ values | join(" or ") }}' as mend
    from funnels
    where lower({{ column }}) not in ('{{ values | join("', '") }}')
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'window_seconds ' || window_seconds || ' is no whole number from 1 on'
            as problem,
        'give seconds (1209600 are 14 days), or leave it empty for that' as mend
    from funnels
    where
        window_seconds is not null
        and {{ whole_seconds('window_seconds', least=1) }} is null
    union all
    select
        row_number,
        'error' as severity,
        'breakdown_limit ' || breakdown_limit || ' is no whole number from 1 on'
            as problem,
        'give a whole number, or leave it empty for 25' as mend
    from funnels
    where
        breakdown_limit is not null
        and {{ whole_number('breakdown_limit') }} is null
    union all
    select
        row_number,
        'error' as severity,
        'time_bins ' || time_bins || ' is no whole number from 1 to 60' as problem,
        'give a whole number, or leave it empty for the cube root of the converters' as mend
    from funnels
    where
        time_bins is not null
        and {{ whole_number('time_bins', most=60) }} is null
    union all
    select
        row_number,
        'error' as severity,
        'trend_grain ' || trend_grain || ' is unknown' as problem,
        'give hour, or leave it empty: day, week and month are always there' as mend
    from funnels
    where lower(trend_grain) <> 'hour'
    union all
    select
        row_number,
        'error' as severity,
        'breakdown_attribution ' || breakdown_attribution || ' is unknown' as problem,
        'give first, last, all, or step_ and the number of one of its steps' as mend
    from funnels
    where
        lower(breakdown_attribution) not in ('first', 'last', 'all')
        and not exists (
            select 1
            from steps
            where
                steps.funnel_id = funnels.funnel_id
                and lower(funnels.breakdown_attribution)
                = 'step_' || cast(steps.step_number as {{ dbt.type_string() }})
        )
    union all
    select
        row_number,
        'warning' as severity,
        'breakdown_attribution says nothing without a breakdown' as problem,
        'give a breakdown, or leave it empty' as mend
    from funnels
    where breakdown is null and breakdown_attribution is not null
    {% for column in ['breakdown', 'hold_constant'] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || scoped_property || ' is no property' as problem,
        'give event:<property> or user:<property>, several by a bar' as mend
    from asked_properties
    where purpose = '{{ column }}' and not is_scoped
    {% endfor %}
    {% for column, instant in [('from_at', 'from_instant'), ('to_at', 'to_instant')] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' cannot be read' as problem,
        'give a date (2024-05-31) or a time (2024-05-31T18:00:00Z)' as mend
    from funnels
    where {{ column }} is not null and {{ instant }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'to_at ' || to_at || ' is before from_at ' || from_at as problem,
        'give a to_at after from_at' as mend
    from funnels
    where to_instant < from_instant

),

named as (

    select
        'funnels.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
