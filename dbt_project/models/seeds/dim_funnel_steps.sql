with

funnel_steps as (

    select * from {{ source('seeds', 'funnel_steps') }}

),

typed as (

    select
        funnel_id,
        case
            when exclusion_number is not null then
                'exclusion_'
                || cast({{ whole_number('exclusion_number') }} as {{ dbt.type_string() }})
            else cast({{ whole_number('step_number') }} as {{ dbt.type_string() }})
        end as side,
        event_name,
        lower(first_time) as first_time,
        row_number,
        {{ whole_number('step_number') }} as step_number,
        {{ whole_number('exclusion_number') }} as exclusion_number,
        {{ whole_seconds('min_seconds', least=0) }} as min_seconds,
        {{ whole_seconds('max_seconds', least=0) }} as max_seconds,
        {{ whole_number('excluded_after_step') }} as excluded_after_step,
        {{ whole_number('excluded_before_step') }} as excluded_before_step,
        coalesce({{ try_cast('is_optional', 'boolean') }}, false) as is_optional
    from funnel_steps
    where funnel_id is not null

),

ranked as (

    select
        typed.*,
        row_number() over (partition by funnel_id, side order by row_number) as copy_number
    from typed
    where side is not null

)

select
    funnel_id,
    side,
    event_name,
    first_time,
    row_number,
    step_number,
    case
        when step_number is not null
            then max(case when not is_optional then step_number end) over (
                partition by funnel_id
                order by step_number
                rows between unbounded preceding and 1 preceding
            )
    end as previous_step_number,
    exclusion_number,
    min_seconds,
    max_seconds,
    excluded_after_step,
    excluded_before_step,
    is_optional
from ranked
where copy_number = 1
