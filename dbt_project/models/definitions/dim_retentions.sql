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
        cohort_mode,
        return_event,
        granularity,
        coalesce(cohort_granularity, granularity) as cohort_granularity,
        window_mode,
        kind,
        brackets,
        breakdown,
        value_property,
        row_number,
        periods,
        min_occurrences,
        breakdown_limit,
        {{ bound_instant('from_at', is_end=false) }} as from_at,
        {{ bound_instant('to_at', is_end=true) }} as to_at
    from retentions

)

select * from typed
