with

fct_order_states as (

    select * from {{ ref('fct_order_states') }}

),

dim_rfm_snapshots as (

    select * from {{ ref('dim_rfm_snapshots') }}

),

-- An order counts in the snapshots of the 365 days that begin with it, as it stood
-- then.
counted_states as (

    select
        user_id,
        gross_amount - refunded_amount as net_amount,
        order_date,
        valid_from_date as first_snapshot_date,
        least(
            {{ days_after('order_date', '364') }},
            coalesce(
                {{ days_after('valid_to_date', '-1') }}, cast('9999-12-31' as date)
            )
        ) as last_snapshot_date
    from fct_order_states
    where gross_amount > 0 and refunded_amount < gross_amount

),

customers as (

    select
        counted_states.user_id,
        cast({{ days_between(
            'max(counted_states.order_date)', 'dim_rfm_snapshots.snapshot_date'
        ) }} as integer) as recency_days,
        count(*) as frequency,
        cast(sum(counted_states.net_amount) as decimal(38, 4)) as monetary_amount,
        dim_rfm_snapshots.is_mature,
        dim_rfm_snapshots.snapshot_date
    from counted_states
    inner join dim_rfm_snapshots
        on
            dim_rfm_snapshots.snapshot_date >= counted_states.first_snapshot_date
            and dim_rfm_snapshots.snapshot_date <= counted_states.last_snapshot_date
    group by
        counted_states.user_id,
        dim_rfm_snapshots.is_mature,
        dim_rfm_snapshots.snapshot_date

)

select * from customers
