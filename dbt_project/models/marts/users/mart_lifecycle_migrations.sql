with

spans as (

    select * from {{ ref('fct_user_lifecycle_spans') }}

),

date_periods as (

    select * from {{ ref('dim_date_periods') }}

),

-- Who moved is nobody's matter from here on: some thousands of rows.
moves as (

    select
        previous_stage_id,
        stage_id,
        is_resurrected,
        same_move_before_date,
        valid_from_date,
        count(*) as move_count
    from spans
    group by
        previous_stage_id, stage_id, is_resurrected, same_move_before_date, valid_from_date

),

-- A user moves at most once a day, and back and forth within a week or a month: who made the same
-- move before in the same period counts already.
migrations as (

    select
        periods.grain,
        moves.previous_stage_id as from_stage_id,
        moves.stage_id as to_stage_id,
        cast(sum(case
            when moves.same_move_before_date >= periods.period_start_date then 0
            else moves.move_count
        end) as bigint) as user_count,
        cast(sum(moves.move_count) as bigint) as move_count,
        moves.is_resurrected,
        periods.is_closed as is_mature,
        periods.period_start_date
    from moves
    inner join date_periods as periods on moves.valid_from_date = periods.date_day
    group by
        periods.grain,
        moves.previous_stage_id,
        moves.stage_id,
        moves.is_resurrected,
        periods.is_closed,
        periods.period_start_date

)

select * from migrations
