with

funnel_steps as (

    select * from {{ source('seeds', 'funnel_steps') }}

),

sided as (

    select
        funnel_id,
        coalesce(
            'exclusion_' || cast(exclusion_number as {{ dbt.type_string() }}),
            cast(step_number as {{ dbt.type_string() }})
        ) as side,
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
    from funnel_steps

)

select * from sided
