with

acquisitions as (

    select * from {{ ref('fct_user_acquisitions') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

channel_costs as (

    select * from {{ ref('fct_channel_costs') }}

),

horizon as (

    select data_through_at from {{ ref('dim_horizon') }}

),

customers as (

    select
        user_id,
        sum(net_amount) as net_amount
    from orders
    group by user_id

),

-- From the day on which an order was first worth something: its lines may come later.
new_customers as (

    select
        user_id,
        min(valid_from_date) as first_order_date
    from {{ ref('fct_order_states') }}
    where gross_amount > 0
    group by user_id

),

figures as (

    select
        acquisitions.channel_id,
        count(*) as new_user_count,
        0 as new_customer_count,
        sum(coalesce(customers.net_amount, 0)) as net_amount,
        0 as cost_amount,
        0 as impression_count,
        0 as click_count,
        acquisitions.acquisition_date as figure_date
    from acquisitions
    left join customers on acquisitions.user_id = customers.user_id
    group by acquisitions.channel_id, acquisitions.acquisition_date

    union all

    -- Who bought and was never touched came by no channel.
    select
        coalesce(acquisitions.channel_id, '(none)') as channel_id,
        0 as new_user_count,
        count(*) as new_customer_count,
        0 as net_amount,
        0 as cost_amount,
        0 as impression_count,
        0 as click_count,
        new_customers.first_order_date as figure_date
    from new_customers
    left join acquisitions on new_customers.user_id = acquisitions.user_id
    group by coalesce(acquisitions.channel_id, '(none)'), new_customers.first_order_date

    union all

    select
        channel_id,
        0 as new_user_count,
        0 as new_customer_count,
        0 as net_amount,
        sum(cost_amount) as cost_amount,
        sum(impression_count) as impression_count,
        sum(click_count) as click_count,
        cost_date as figure_date
    from channel_costs
    group by channel_id, cost_date

),

dated as (

    select
        figures.*,
        {{ grain_starts('figure_date') }}
    from figures

),

summed as (

    select
        {{ grain_columns() }},
        channel_id,
        cast(sum(new_user_count) as bigint) as new_user_count,
        cast(sum(new_customer_count) as bigint) as new_customer_count,
        cast(sum(impression_count) as bigint) as impression_count,
        cast(sum(click_count) as bigint) as click_count,
        cast(sum(net_amount) as decimal(38, 4)) as net_amount,
        cast(sum(cost_amount) as decimal(38, 4)) as cost_amount
    from dated
    group by {{ grain_sets(['channel_id']) }}

),

final as (

    select
        summed.grain,
        summed.channel_id,
        summed.new_user_count,
        summed.new_customer_count,
        summed.impression_count,
        summed.click_count,
        summed.net_amount,
        summed.cost_amount,
        {{ rate('summed.cost_amount', 'summed.new_user_count') }} as cost_per_new_user,
        {{ rate('summed.cost_amount', 'summed.new_customer_count') }} as cac_amount,
        {{ is_period_over('summed.grain', 'summed.period_start_date', '0') }} as is_mature,
        summed.period_start_date
    from summed
    cross join horizon

)

select * from final
