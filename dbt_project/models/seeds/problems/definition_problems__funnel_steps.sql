with

funnel_steps as (

    select
        funnel_steps.*,
        {{ whole_number('step_number') }} as step,
        {{ whole_number('exclusion_number') }} as exclusion,
        {{ whole_number('excluded_after_step') }} as after_step,
        {{ whole_number('excluded_before_step') }} as before_step,
        {{ whole_seconds('min_seconds', least=0) }} as least_seconds,
        {{ whole_seconds('max_seconds', least=0) }} as most_seconds
    from {{ source('seeds', 'funnel_steps') }} as funnel_steps

),

copies as (

    select
        funnel_steps.*,
        row_number() over (
            partition by funnel_id, step, exclusion order by row_number
        ) as copy_number
    from funnel_steps

),

steps as (

    select * from {{ ref('dim_funnel_steps') }} where step_number is not null

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

problems as (

    select
        row_number,
        'error' as severity,
        'funnel ' || coalesce(funnel_id, '(empty)') || ' is unknown' as problem,
        'give a funnel_id of funnels.csv' as mend
    from funnel_steps
    where funnel_id is null or funnel_id not in (select funnel_id from funnels)
    union all
    select
        row_number,
        'error' as severity,
        'neither step_number nor exclusion_number is given' as problem,
        'give a step its number from 1, or an exclusion its own' as mend
    from funnel_steps
    where step_number is null and exclusion_number is null
    union all
    select
        row_number,
        'error' as severity,
        'step_number ' || step_number || ' and exclusion_number '
        || exclusion_number || ' stand together' as problem,
        'leave one of them empty: a step is no exclusion' as mend
    from funnel_steps
    where step_number is not null and exclusion_number is not null
    {% for column, number in [
        ('step_number', 'step'), ('exclusion_number', 'exclusion')
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is no whole number from 1 on' as problem,
        'number them 1, 2, 3 …' as mend
    from funnel_steps
    where {{ column }} is not null and {{ number }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        case
            when exclusion is null then 'step ' || step_number
            else 'exclusion ' || exclusion_number
        end || ' of funnel ' || coalesce(funnel_id, '(empty)') || ' stands here again'
            as problem,
        'give each its own number; alternatives stand in one row, parted by |' as mend
    from copies
    where copy_number > 1 and (step is not null or exclusion is not null)
    union all
    select
        row_number,
        'error' as severity,
        'step ' || step_number || ' of funnel ' || coalesce(funnel_id, '(empty)')
        || ' has no step right before it' as problem,
        'number the steps of a funnel 1, 2, 3 … without a gap' as mend
    from funnel_steps
    where
        step > 1
        and exclusion_number is null
        and not exists (
            select 1
            from steps
            where
                steps.funnel_id = funnel_steps.funnel_id
                and steps.step_number = funnel_steps.step - 1
        )
    union all
    select
        row_number,
        'error' as severity,
        'step ' || step_number || ' is beyond what a funnel may have' as problem,
        'keep to {{ var("funnel_max_steps") }} steps, or raise the var funnel_max_steps'
            as mend
    from funnel_steps
    where step > {{ var('funnel_max_steps') }}
    union all
    select
        row_number,
        'error' as severity,
        'first_time ' || first_time || ' is unknown' as problem,
        'give event or matching, or leave it empty for any time' as mend
    from funnel_steps
    where lower(first_time) not in ('event', 'matching')
    union all
    select
        row_number,
        'error' as severity,
        'is_optional ' || is_optional || ' is neither true nor false' as problem,
        'give true or false' as mend
    from funnel_steps
    where is_optional is not null and {{ try_cast('is_optional', 'boolean') }} is null
    {% for column, number in [
        ('min_seconds', 'least_seconds'), ('max_seconds', 'most_seconds')
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is no whole number from 0 on' as problem,
        'give seconds, or leave it empty' as mend
    from funnel_steps
    where {{ column }} is not null and {{ number }} is null
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'max_seconds ' || max_seconds || ' is below min_seconds ' || min_seconds
            as problem,
        'give a max_seconds that is not below min_seconds' as mend
    from funnel_steps
    where most_seconds < least_seconds
    {% for column, number in [
        ('excluded_after_step', 'after_step'), ('excluded_before_step', 'before_step')
    ] %}
    union all
    select
        row_number,
        'error' as severity,
        '{{ column }} ' || {{ column }} || ' is no step of the funnel' as problem,
        'give the number of one of its steps' as mend
    from funnel_steps
    where
        exclusion_number is not null
        and {{ column }} is not null
        and not exists (
            select 1
            from steps
            where
                steps.funnel_id = funnel_steps.funnel_id
                and steps.step_number = funnel_steps.{{ number }}
        )
    {% endfor %}
    union all
    select
        row_number,
        'error' as severity,
        'the exclusion ends before step ' || excluded_before_step
        || ' and begins only after step ' || excluded_after_step as problem,
        'give an excluded_before_step above excluded_after_step' as mend
    from funnel_steps
    where exclusion_number is not null and before_step <= after_step
    union all
    select
        row_number,
        'warning' as severity,
        'excluded_after_step and excluded_before_step say nothing on a step' as problem,
        'give an exclusion_number instead of step_number, or leave them empty' as mend
    from funnel_steps
    where
        exclusion_number is null
        and coalesce(excluded_after_step, excluded_before_step) is not null
    union all
    select
        funnel_steps.row_number,
        'error' as severity,
        'step 1 opens the attempt: it is not optional and has no time before it' as problem,
        'leave is_optional, min_seconds and max_seconds of step 1 empty' as mend
    from funnel_steps
    where
        step = 1
        and exclusion_number is null
        and (
            coalesce({{ try_cast('is_optional', 'boolean') }}, false)
            or coalesce(min_seconds, max_seconds) is not null
        )
    union all
    select
        funnel_steps.row_number,
        'error' as severity,
        'min_seconds ' || funnel_steps.min_seconds || ' is longer than the window of funnel '
        || funnel_steps.funnel_id as problem,
        'give a smaller min_seconds, or a longer window_seconds in funnels.csv' as mend
    from funnel_steps
    inner join funnels on funnel_steps.funnel_id = funnels.funnel_id
    where funnel_steps.least_seconds > funnels.window_seconds
    union all
    select
        funnel_steps.row_number,
        'error' as severity,
        'optional steps, min_seconds and max_seconds need an order; funnel '
        || funnel_steps.funnel_id || ' takes its steps in any' as problem,
        'leave them empty, or give the funnel order_mode ordered' as mend
    from funnel_steps
    inner join funnels on funnel_steps.funnel_id = funnels.funnel_id
    where
        funnels.order_mode = 'any'
        and exclusion_number is null
        and (
            coalesce({{ try_cast('is_optional', 'boolean') }}, false)
            or coalesce(min_seconds, max_seconds) is not null
        )
    union all
    select
        row_number,
        'warning' as severity,
        'is_optional, min_seconds and max_seconds say nothing on an exclusion' as problem,
        'leave them empty' as mend
    from funnel_steps
    where
        exclusion_number is not null
        and step_number is null
        and coalesce(is_optional, min_seconds, max_seconds) is not null
    union all
    select
        funnel_steps.row_number,
        'warning' as severity,
        'excluded_after_step and excluded_before_step say nothing in any order: what is '
        || 'excluded voids between the opening and the completion' as problem,
        'leave them empty' as mend
    from funnel_steps
    inner join funnels on funnel_steps.funnel_id = funnels.funnel_id
    where
        funnels.order_mode = 'any'
        and exclusion_number is not null
        and coalesce(excluded_after_step, excluded_before_step) is not null

),

named as (

    select
        'funnel_steps.csv' as file,
        row_number,
        severity,
        problem,
        mend
    from problems

)

select * from named
