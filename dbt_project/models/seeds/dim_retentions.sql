with

retentions as (

    select * from {{ source('seeds', 'retentions') }}

),

typed as (

    select
        retention_id,
        label_en,
        label_zh,
        cohort_event,
        coalesce(lower(cohort_mode), 'first_matching') as cohort_mode,
        return_event,
        coalesce(lower(granularity), 'day') as granularity,
        coalesce(lower(cohort_granularity), lower(granularity), 'day') as cohort_granularity,
        coalesce(lower(window_mode), 'calendar') as window_mode,
        coalesce(lower(kind), 'on') as kind,
        brackets,
        breakdown,
        value_property,
        row_number,
        case
            when periods is null then 30
            else {{ whole_number('periods', most=1000) }}
        end as periods,
        case
            when min_occurrences is null then 1
            else {{ whole_number('min_occurrences', 'bigint') }}
        end as min_occurrences,
        case
            when breakdown_limit is null then 25
            else {{ whole_number('breakdown_limit', 'bigint') }}
        end as breakdown_limit,
        {{ bound_instant('from_at', is_end=false) }} as from_at,
        {{ bound_instant('to_at', is_end=true) }} as to_at
    from retentions
    where retention_id is not null

),

ranked as (

    select
        typed.*,
        row_number() over (partition by retention_id order by row_number) as copy_number
    from typed

)

select
    retention_id,
    label_en,
    label_zh,
    cohort_event,
    cohort_mode,
    return_event,
    granularity,
    cohort_granularity,
    window_mode,
    kind,
    brackets,
    breakdown,
    value_property,
    row_number,
    periods,
    min_occurrences,
    breakdown_limit,
    from_at,
    to_at
from ranked
where copy_number = 1
