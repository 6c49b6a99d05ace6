-- Who reached a step has reached the required one before it.
with

steps as (

    select
        conversion.*,
        lag(conversion.reached_count, 1, conversion.entrant_count) over (
            partition by
                conversion.funnel_id,
                conversion.grain,
                conversion.period_start_date,
                conversion.breakdown_value
            order by conversion.step_number
        ) as previous_reached_count,
        lag(conversion.mature_reached_count, 1, conversion.mature_entrant_count) over (
            partition by
                conversion.funnel_id,
                conversion.grain,
                conversion.period_start_date,
                conversion.breakdown_value
            order by conversion.step_number
        ) as previous_mature_reached_count
    from {{ ref('mart_funnel_conversion') }} as conversion
    where not conversion.is_optional

)

select * from steps
where
    reached_count > previous_reached_count
    or mature_reached_count > previous_mature_reached_count
    or mature_reached_count > reached_count
    or (step_number = 1 and reached_count <> entrant_count)
