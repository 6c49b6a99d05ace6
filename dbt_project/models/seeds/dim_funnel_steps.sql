with

funnel_steps as (

    select * from {{ source('seeds', 'funnel_steps') }}

),

typed as (

    select
        funnel_id,
        case
            when exclusion_number is not null then 'exclusion_' || exclusion_number
            else step_number
        end as side,
        event_name,
        lower(first_time) as first_time,
        row_number,
        {{ try_cast('step_number', 'integer') }} as step_number,
        {{ try_cast('exclusion_number', 'integer') }} as exclusion_number,
        {{ try_cast('min_seconds', 'bigint') }} as min_seconds,
        {{ try_cast('max_seconds', 'bigint') }} as max_seconds,
        {{ try_cast('excluded_after_step', 'integer') }} as excluded_after_step,
        {{ try_cast('excluded_before_step', 'integer') }} as excluded_before_step,
        coalesce({{ try_cast('is_optional', 'boolean') }}, false) as is_optional
    from funnel_steps
    where
        funnel_id is not null
        and (step_number is not null or exclusion_number is not null)

),

ranked as (

    select
        typed.*,
        row_number() over (partition by funnel_id, side order by row_number) as copy_number
    from typed

)

select
    funnel_id,
    side,
    event_name,
    first_time,
    row_number,
    step_number,
    exclusion_number,
    min_seconds,
    max_seconds,
    excluded_after_step,
    excluded_before_step,
    is_optional
from ranked
where copy_number = 1
