with

fct_user_lifecycle_spans as (

    select * from {{ ref('fct_user_lifecycle_spans') }}

),

dim_date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

-- A user moves at most once a day, and back and forth within a week or a month.
moves as (

    select
        dim_date_periods.grain,
        fct_user_lifecycle_spans.previous_stage_id as from_stage_id,
        fct_user_lifecycle_spans.stage_id as to_stage_id,
        fct_user_lifecycle_spans.user_id,
        count(*) as move_count,
        fct_user_lifecycle_spans.is_resurrected,
        dim_date_periods.is_closed,
        dim_date_periods.period_start_date
    from fct_user_lifecycle_spans
    inner join dim_date_periods
        on fct_user_lifecycle_spans.valid_from_date = dim_date_periods.date_day
    group by
        dim_date_periods.grain,
        fct_user_lifecycle_spans.previous_stage_id,
        fct_user_lifecycle_spans.stage_id,
        fct_user_lifecycle_spans.user_id,
        fct_user_lifecycle_spans.is_resurrected,
        dim_date_periods.is_closed,
        dim_date_periods.period_start_date

),

migrations as (

    select
        grain,
        from_stage_id,
        to_stage_id,
        count(*) as user_count,
        cast(sum(move_count) as bigint) as move_count,
        is_resurrected,
        is_closed as is_mature,
        period_start_date
    from moves
    group by
        grain,
        from_stage_id,
        to_stage_id,
        is_resurrected,
        is_closed,
        period_start_date

)

select * from migrations
