with

mart_rfm_scores as (

    select * from {{ ref('mart_rfm_scores') }}

),

dim_rfm_snapshots as (

    select * from {{ ref('dim_rfm_snapshots') }}

),

numbered as (

    select
        mart_rfm_scores.user_id,
        mart_rfm_scores.segment_id,
        dim_rfm_snapshots.snapshot_number
    from mart_rfm_scores
    inner join dim_rfm_snapshots
        on mart_rfm_scores.snapshot_date = dim_rfm_snapshots.snapshot_date

),

compared as (

    select
        segment_id,
        snapshot_number,
        lag(snapshot_number) over (
            partition by user_id order by snapshot_number
        ) as earlier_snapshot_number,
        lag(segment_id) over (
            partition by user_id order by snapshot_number
        ) as earlier_segment_id,
        lead(snapshot_number) over (
            partition by user_id order by snapshot_number
        ) as later_snapshot_number
    from numbered

),

-- Only the snapshot just before counts: who skipped it comes from nowhere.
moves as (

    select
        case
            when earlier_snapshot_number = snapshot_number - 1 then earlier_segment_id
        end as from_segment_id,
        segment_id as to_segment_id,
        count(*) as user_count,
        snapshot_number
    from compared
    group by from_segment_id, to_segment_id, snapshot_number
    union all
    select
        segment_id as from_segment_id,
        cast(null as {{ dbt.type_string() }}) as to_segment_id,
        count(*) as user_count,
        snapshot_number + 1 as snapshot_number
    from compared
    where
        later_snapshot_number is null
        or later_snapshot_number > snapshot_number + 1
    group by segment_id, snapshot_number

),

migrations as (

    select
        moves.from_segment_id,
        moves.to_segment_id,
        moves.user_count,
        dim_rfm_snapshots.is_mature,
        dim_rfm_snapshots.snapshot_date
    from moves
    inner join dim_rfm_snapshots
        on moves.snapshot_number = dim_rfm_snapshots.snapshot_number

)

select * from migrations
