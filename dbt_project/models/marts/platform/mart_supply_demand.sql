with

horizon as (

    select
        data_through_date,
        data_through_at
    from {{ ref('dim_horizon') }}

),

merchants as (

    select
        merchant_id,
        category
    from {{ ref('dim_merchants') }}

),

orders as (

    select * from {{ ref('step_merchant_orders') }}

),

order_days as (

    select * from {{ ref('fct_merchant_order_days') }}
    where merchant_id is not null

),

happened as (

    select
        role,
        merchant_id,
        category as named_category,
        user_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        event_count,
        0 as gross_amount,
        event_date as counted_date
    from {{ ref('step_merchant_days') }}
    where role in ('listing', 'demand')

    union all

    select
        'order' as role,
        merchant_id,
        null as named_category,
        user_id,
        order_id,
        1 as event_count,
        0 as gross_amount,
        first_date as counted_date
    from orders

    union all

    select
        'sale' as role,
        merchant_id,
        null as named_category,
        null as user_id,
        null as order_id,
        0 as event_count,
        gross_amount,
        moved_date as counted_date
    from order_days

),

-- A merchant's own category, where it is known, before what the event says.
by_day as (

    select
        coalesce(merchants.category, happened.named_category, '') as category,
        happened.role,
        happened.merchant_id,
        happened.user_id,
        happened.order_id,
        happened.event_count,
        happened.gross_amount,
        happened.counted_date,
        {{ grain_starts('happened.counted_date') }}
    from happened
    left join merchants on happened.merchant_id = merchants.merchant_id

),

counted as (

    select
        category,
        {{ grain_columns() }},
        count(distinct case when role = 'listing' then merchant_id end) as listing_merchant_count,
        count(distinct case when gross_amount > 0 then merchant_id end) as selling_merchant_count,
        sum(case when role = 'demand' then event_count else 0 end) as demand_count,
        count(distinct case when role = 'demand' then user_id end) as demand_user_count,
        count(distinct order_id) as order_count,
        sum(gross_amount) as gross_amount
    from by_day
    group by {{ grain_sets(['category']) }}

),

firsts as (

    select
        category,
        min(counted_date) as first_date,
        max(counted_date) as last_date
    from by_day
    group by category

),

periods as (

    {{ every_period('firsts') }}

),

filled as (

    select
        periods.grain,
        firsts.category,
        coalesce(counted.listing_merchant_count, 0) as listing_merchant_count,
        coalesce(counted.selling_merchant_count, 0) as selling_merchant_count,
        cast(coalesce(counted.demand_count, 0) as bigint) as demand_count,
        coalesce(counted.demand_user_count, 0) as demand_user_count,
        coalesce(counted.order_count, 0) as order_count,
        cast(coalesce(counted.gross_amount, 0) as decimal(38, 4)) as gross_amount,
        periods.period_start_date
    from firsts
    inner join periods on firsts.first_date <= periods.last_date
    left join counted
        on firsts.category = counted.category
        and periods.grain = counted.grain
        and periods.period_start_date is not distinct from counted.period_start_date

),

final as (

    select
        filled.grain,
        filled.category,
        filled.listing_merchant_count,
        filled.selling_merchant_count,
        filled.demand_count,
        filled.demand_user_count,
        filled.order_count,
        filled.gross_amount,
        {{ rate('filled.order_count', 'filled.demand_count') }} as orders_per_demand,
        {{ is_period_over('filled.grain', 'filled.period_start_date', '0') }} as is_mature,
        filled.period_start_date
    from filled
    cross join horizon

)

select * from final
