-- Those who come to a segment of a snapshot are its customers; those who come from one are
-- the customers of the snapshot before.
with

customers as (

    select
        snapshots.snapshot_number,
        count(scores.user_id) as customer_count
    from {{ ref('dim_rfm_snapshots') }} as snapshots
    left join {{ ref('mart_rfm_scores') }} as scores
        on snapshots.snapshot_date = scores.snapshot_date
    group by snapshots.snapshot_number

),

moves as (

    select
        snapshots.snapshot_number,
        sum(case when migrations.to_segment_id is not null then migrations.user_count end)
            as arrived_count,
        sum(case when migrations.from_segment_id is not null then migrations.user_count end)
            as departed_count
    from {{ ref('dim_rfm_snapshots') }} as snapshots
    left join {{ ref('mart_rfm_migrations') }} as migrations
        on snapshots.snapshot_date = migrations.snapshot_date
    group by snapshots.snapshot_number

),

compared as (

    select
        moves.snapshot_number,
        customers.customer_count,
        coalesce(moves.arrived_count, 0) as arrived_count,
        coalesce(previous_customers.customer_count, 0) as previous_customer_count,
        coalesce(moves.departed_count, 0) as departed_count
    from moves
    inner join customers
        on moves.snapshot_number = customers.snapshot_number
    left join customers as previous_customers
        on moves.snapshot_number = previous_customers.snapshot_number + 1

)

select * from compared
where
    customer_count <> arrived_count
    or previous_customer_count <> departed_count
