-- Those who move into a stage in a period are those who entered it on its days, at every grain:
-- nobody moves unseen, and nobody is counted twice.
with

entries as (

    select
        periods.grain,
        daily.stage_id,
        periods.period_start_date,
        sum(daily.entered_count) as entered_count,
        sum(daily.resurrected_count) as resurrected_count
    from {{ ref('mart_lifecycle_daily') }} as daily
    inner join {{ ref('dim_date_periods') }} as periods
        on daily.activity_date = periods.date_day
    group by periods.grain, daily.stage_id, periods.period_start_date

),

moves as (

    select
        grain,
        to_stage_id,
        period_start_date,
        sum(move_count) as move_count,
        sum(case when is_resurrected then move_count else 0 end) as resurrected_count
    from {{ ref('mart_lifecycle_migrations') }}
    group by grain, to_stage_id, period_start_date

),

compared as (

    select
        coalesce(entries.grain, moves.grain) as grain,
        coalesce(entries.stage_id, moves.to_stage_id) as stage_id,
        coalesce(entries.entered_count, 0) as entered_count,
        coalesce(moves.move_count, 0) as move_count,
        coalesce(entries.resurrected_count, 0) as resurrected_count,
        coalesce(moves.resurrected_count, 0) as moved_resurrected_count,
        coalesce(entries.period_start_date, moves.period_start_date) as period_start_date
    from entries
    full outer join moves
        on
            entries.grain = moves.grain
            and entries.stage_id = moves.to_stage_id
            and entries.period_start_date = moves.period_start_date

)

select * from compared
where
    entered_count <> move_count
    or resurrected_count <> moved_resurrected_count
